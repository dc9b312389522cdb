import { SessionRegistry } from '../broadcaster/session-registry.ts';
import type { Hello } from '../protocol/frame.ts';
import type { Session } from '../protocol/session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';
import { withRegistry } from './with-registry.ts';

class ResumesWhatItLost extends SessionRegistry {
  protected override createSession(hello: Hello): Session {
    const session = super.createSession(hello);
    // A welcome of the second generation claims to resume.
    if (hello.resume !== undefined) session.generation += 1;
    return session;
  }
}

export const resumedTrueAfterARestart: Variant = {
  name: 'resumed-true-after-a-restart',
  side: 'server',
  defect: 'After a restart with an empty store, the server claims to resume sessions.',
  scenario: mutantScenario({
    name: 'resumed-true-after-a-restart',
    faults: [
      { at: '500ms', for: '600ms', clients: { ids: [0, 1, 2] }, do: 'pause-reader' },
      { at: '1s', do: 'server-restart', down: '100ms' },
    ],
    expect: { allowReported: ['restart'] },
  }),
  newBroadcaster: withRegistry(ResumesWhatItLost),
  outcome: { kind: 'false-resume' },
  consequences: ['silent-loss', 'unsound-ack', 'duplicate-after-ack'],
};
