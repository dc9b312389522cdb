import { withSessionSettings } from './broken-session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

export const unboundedOutbox: Variant = {
  name: 'unbounded-outbox',
  side: 'server',
  defect: 'The outbox accepts messages beyond its limit.',
  scenario: mutantScenario({
    name: 'unbounded-outbox',
    server: { outbox: { maxPending: 10 } },
    faults: [{ at: '300ms', for: '1200ms', clients: { ids: [0, 1] }, do: 'pause-reader' }],
    expect: { allowReported: ['overflow'] },
  }),
  newBroadcaster: withSessionSettings({ maxPending: 1_000_000 }),
  outcome: { kind: 'limit-exceeded', cause: { code: 'over-limit', what: 'outbox' } },
  consequences: [],
};
