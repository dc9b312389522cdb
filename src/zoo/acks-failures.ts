import { Subscriber } from '../drivers/wsdeliver/subscriber.ts';
import type { Delivery } from '../load/load-client.ts';
import type { Variant } from './variant.ts';
import { zooScenario } from './zoo-scenario.ts';

class AcksFailures extends Subscriber<Delivery> {
  override onFailed(seq: number, delivery: Delivery): void {
    this.observer.failed(this, seq, delivery);
    this.sendAck(seq, false);
  }
}

export const acksFailures: Variant = {
  name: 'acks-failures',
  side: 'client',
  defect: 'A message is acked when its handler is through, whether it succeeded or not.',
  scenario: zooScenario({
    name: 'acks-failures',
    clients: [{ count: 8, rooms: ['ticks'], handler: { failure: '5%' } }],
    server: { outbox: { nackBackoff: '50ms', maxResend: 20 } },
    duration: { settle: '20s' },
  }),
  newSubscriber: (parts) => new AcksFailures(parts),
  outcome: { kind: 'ack-before-handle', cause: { code: 'acked-unhandled' } },
  consequences: ['silent-loss'],
};
