import { SessionRegistry } from '../broadcaster/session-registry.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';
import { withRegistry } from './with-registry.ts';

class NeverExpires extends SessionRegistry {
  protected override expire(): void {}
}

export const leakAfterTtl: Variant = {
  name: 'leak-after-ttl',
  side: 'server',
  defect: 'The session of a client that never returns is kept forever.',
  scenario: mutantScenario({
    name: 'leak-after-ttl',
    server: { resumeTtl: '500ms' },
    duration: { load: '3s' },
    faults: [{ at: '200ms', clients: { ids: [0, 1] }, do: 'never-return' }],
    expect: { allowReported: ['session-expired'] },
  }),
  newBroadcaster: withRegistry(NeverExpires),
  outcome: { kind: 'leak', cause: { code: 'session-kept' } },
  consequences: [],
};
