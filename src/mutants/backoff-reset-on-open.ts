import { WsdeliverClient } from '../drivers/wsdeliver/client.ts';
import { wsdeliverWith } from '../drivers/wsdeliver/driver.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class ResetsBackoffOnOpen<D extends object> extends WsdeliverClient<D> {
  override onOpen(): void {
    this.connector.attempts = 0;
    super.onOpen();
  }
}

export const backoffResetOnOpen: Variant = {
  name: 'backoff-reset-on-open',
  side: 'client',
  defect:
    "A socket that opens ends the backoff, though no welcome has come: a server that can't serve is stormed.",
  // On this network many hellos time out: the socket opens and is closed again.
  scenario: mutantScenario({
    name: 'backoff-reset-on-open',
    server: { helloTimeout: '80ms' },
    clients: [{ count: 8, rooms: ['ticks'], reconnect: { min: '20ms', max: '400ms', jitter: 'none' } }],
  }),
  network: { up: { delayMs: 0.1, jitterMs: 100 }, down: { delayMs: 0.1, jitterMs: 100 } },
  driver: wsdeliverWith((options) => new ResetsBackoffOnOpen(options)),
  outcome: { kind: 'missing-backoff' },
  consequences: [],
};
