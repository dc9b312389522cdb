import { Subscriber } from '../drivers/wsdeliver/subscriber.ts';
import type { Delivery } from '../load/load-client.ts';
import type { Envelope } from '../protocol/frame.ts';
import type { Variant } from './variant.ts';
import { zooScenario } from './zoo-scenario.ts';

class RemembersArrivals extends Subscriber<Delivery> {
  readonly #arrived = new Set<number>();

  protected override receive(frame: Envelope): void {
    const { seq, payload, attempt } = frame;
    if (!this.#arrived.has(seq)) {
      this.#arrived.add(seq);
      super.receive(frame);
      return;
    }
    this.observer.received(this, seq, payload, attempt);
    this.sendAck(seq, false);
  }
}

export const dedupOnArrival: Variant = {
  name: 'dedup-on-arrival',
  side: 'client',
  defect: 'A message counts as a duplicate once it has come in, also when its handler has failed.',
  scenario: zooScenario({
    name: 'dedup-on-arrival',
    clients: [{ count: 8, rooms: ['ticks'], handler: { failure: '5%' } }],
    server: { outbox: { nackBackoff: '50ms', maxResend: 20 } },
    duration: { settle: '20s' },
  }),
  newSubscriber: (parts) => new RemembersArrivals(parts),
  outcome: { kind: 'silent-loss', stage: 'not-handled' },
  consequences: ['ack-before-handle'],
};
