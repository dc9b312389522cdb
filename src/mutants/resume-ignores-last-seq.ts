import type { Connection } from '../broadcaster/connection.ts';
import { SessionRegistry } from '../broadcaster/session-registry.ts';
import type { Hello } from '../protocol/frame.ts';
import type { Session } from '../protocol/session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';
import { withRegistry } from './with-registry.ts';

class IgnoresLastSeq extends SessionRegistry {
  protected override resume(connection: Connection, session: Session, hello: Hello): void {
    const { resume } = hello;
    super.resume(
      connection,
      session,
      resume === undefined ? hello : { ...hello, resume: { ...resume, lastSeq: 0 } },
    );
  }
}

export const resumeIgnoresLastSeq: Variant = {
  name: 'resume-ignores-last-seq',
  side: 'server',
  defect: 'A resume replays everything unacked, even messages that the client has just declared handled.',
  // Acks are rare, so that the hello declares messages that no ack has covered.
  scenario: mutantScenario({
    name: 'resume-ignores-last-seq',
    clients: [{ count: 8, rooms: ['ticks'], ack: { mode: 'cumulative', every: 100, delay: '500ms' } }],
    faults: [
      { at: '700ms', clients: { ids: [0, 1, 2] }, do: 'drop' },
      { at: '1150ms', clients: { ids: [0, 1, 2] }, do: 'reset' },
    ],
  }),
  newBroadcaster: withRegistry(IgnoresLastSeq),
  outcome: { kind: 'unsound-ack', cause: { code: 'resent-after-declared' } },
  consequences: ['duplicate-after-ack'],
};
