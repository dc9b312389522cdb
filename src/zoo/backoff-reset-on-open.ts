import { Subscriber } from '../drivers/wsdeliver/subscriber.ts';
import type { SubscriberConnection } from '../drivers/wsdeliver/subscriber-connection.ts';
import type { Delivery } from '../load/load-client.ts';
import type { Variant } from './variant.ts';
import { zooScenario } from './zoo-scenario.ts';

class ResetsBackoffOnOpen extends Subscriber<Delivery> {
  override onOpen(connection: SubscriberConnection<Delivery>): void {
    this.attempts = 0;
    super.onOpen(connection);
  }
}

export const backoffResetOnOpen: Variant = {
  name: 'backoff-reset-on-open',
  side: 'client',
  defect:
    "A socket that opens ends the backoff, though no welcome has come: a server that can't serve is stormed.",
  // Many a hello takes too long on this network: the socket opened, and is closed again.
  scenario: zooScenario({
    name: 'backoff-reset-on-open',
    server: { helloTimeout: '80ms' },
    clients: [{ count: 8, rooms: ['ticks'], reconnect: { min: '20ms', max: '400ms', jitter: 'none' } }],
  }),
  network: { up: { delayMs: 0.1, jitterMs: 100 }, down: { delayMs: 0.1, jitterMs: 100 } },
  newSubscriber: (parts) => new ResetsBackoffOnOpen(parts),
  outcome: { kind: 'missing-backoff' },
  consequences: [],
};
