import { withSessionSettings } from './broken-session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

export const outboxUnboundedInBytes: Variant = {
  name: 'outbox-unbounded-in-bytes',
  side: 'server',
  defect: 'The outbox limits its messages, but not their bytes.',
  scenario: mutantScenario({
    name: 'outbox-unbounded-in-bytes',
    server: { outbox: { maxBytes: '3KiB' } },
    faults: [{ at: '300ms', for: '1200ms', clients: { ids: [0, 1] }, do: 'pause-reader' }],
    expect: { allowReported: ['overflow'] },
  }),
  newBroadcaster: withSessionSettings({ outboxBytesMax: 1_000_000 }),
  outcome: { kind: 'limit-exceeded', cause: { code: 'over-limit', what: 'outbox-bytes' } },
  consequences: [],
};
