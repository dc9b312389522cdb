import { SessionRegistry } from '../broadcaster/session-registry.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';
import { withRegistry } from './with-registry.ts';

class KeepsOlderSocket extends SessionRegistry {
  protected override displace(): void {}
}

export const oldSocketKeepsTheSession: Variant = {
  name: 'old-socket-keeps-the-session',
  side: 'server',
  defect: 'A second socket resumes the session, and the first stays open as another owner.',
  scenario: mutantScenario({
    name: 'old-socket-keeps-the-session',
    faults: [{ at: '500ms', clients: { ids: [0, 1, 2] }, do: 'second-socket' }],
  }),
  newBroadcaster: withRegistry(KeepsOlderSocket),
  outcome: { kind: 'split-ownership', cause: { code: 'older-never-closed' } },
  consequences: [],
};
