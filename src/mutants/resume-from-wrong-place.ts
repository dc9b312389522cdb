import type { Connection } from '../broadcaster/connection.ts';
import { SessionRegistry } from '../broadcaster/session-registry.ts';
import type { Hello } from '../protocol/frame.ts';
import type { Session } from '../protocol/session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';
import { withRegistry } from './with-registry.ts';

class ResumesFromWrongPlace extends SessionRegistry {
  protected override resume(connection: Connection, session: Session, hello: Hello): void {
    const { resume } = hello;
    const lastSeq = session.outbox.highestSent;
    super.resume(
      connection,
      session,
      resume === undefined ? hello : { ...hello, resume: { ...resume, lastSeq } },
    );
  }
}

export const resumeFromWrongPlace: Variant = {
  name: 'resume-from-wrong-place',
  side: 'server',
  defect: 'A resume continues after the last message sent instead of after the last one handled.',
  scenario: mutantScenario({
    name: 'resume-from-wrong-place',
    faults: [
      { at: '500ms', for: '600ms', clients: { ids: [0, 1, 2] }, do: 'pause-reader' },
      { at: '1s', clients: { ids: [0, 1, 2] }, do: 'reset' },
    ],
  }),
  newBroadcaster: withRegistry(ResumesFromWrongPlace),
  outcome: { kind: 'silent-loss', stage: 'not-received', cause: { code: 'believed-delivered' } },
  consequences: ['false-resume'],
};
