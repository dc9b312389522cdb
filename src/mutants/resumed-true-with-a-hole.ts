import { SessionRegistry } from '../broadcaster/session-registry.ts';
import type { Session } from '../protocol/session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';
import { withRegistry } from './with-registry.ts';

class ForgetsWhileAway extends SessionRegistry {
  protected override release(session: Session): void {
    super.release(session);
    session.outbox.clear(() => {});
  }
}

export const resumedTrueWithAHole: Variant = {
  name: 'resumed-true-with-a-hole',
  side: 'server',
  defect: 'A lost connection empties the outbox, and the session is resumed as complete.',
  scenario: mutantScenario({
    name: 'resumed-true-with-a-hole',
    faults: [
      { at: '500ms', for: '600ms', clients: { ids: [0, 1, 2] }, do: 'pause-reader' },
      { at: '1s', clients: { ids: [0, 1, 2] }, do: 'reset' },
    ],
  }),
  newBroadcaster: withRegistry(ForgetsWhileAway),
  outcome: { kind: 'false-resume' },
  consequences: ['silent-loss'],
};
