import { withSessionSettings } from './broken-session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

export const ignoredBackpressure: Variant = {
  name: 'ignored-backpressure',
  side: 'server',
  defect: 'The server writes to a socket although its buffer is over the limit.',
  // The paused clients' kernels take 8 KiB, and the 60 KiB that follow stay with the server.
  scenario: mutantScenario({
    name: 'ignored-backpressure',
    server: { buffer: { warn: '4KiB', max: '8KiB' } },
    publish: [{ room: 'ticks', rate: '20/s', size: '2KiB' }],
    faults: [{ at: '200ms', for: '1600ms', clients: { ids: [0, 1] }, do: 'pause-reader' }],
  }),
  network: { kernelBytes: 8192 },
  newBroadcaster: withSessionSettings({ bufferBytesMax: 1_000_000_000 }),
  outcome: { kind: 'limit-exceeded', cause: { code: 'over-limit', what: 'socket-buffer' } },
  consequences: [],
};
