import { WsdeliverClient } from '../drivers/wsdeliver/client.ts';
import { wsdeliverWith } from '../drivers/wsdeliver/driver.ts';
import type { Envelope } from '../protocol/frame.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class RemembersArrivals<D extends object> extends WsdeliverClient<D> {
  readonly #arrived = new Set<number>();

  protected override receive(frame: Envelope): void {
    const { seq, payload, attempt } = frame;
    if (!this.#arrived.has(seq)) {
      this.#arrived.add(seq);
      super.receive(frame);
      return;
    }
    this.observer.message(seq, payload, attempt > 1);
    this.sendAck(seq, false);
  }
}

export const dedupOnArrival: Variant = {
  name: 'dedup-on-arrival',
  side: 'client',
  defect: 'A message counts as a duplicate once it was received, even if its handler failed.',
  scenario: mutantScenario({
    name: 'dedup-on-arrival',
    clients: [{ count: 8, rooms: ['ticks'], handler: { failure: '5%' } }],
    server: { outbox: { nackBackoff: '50ms', maxResend: 20 } },
    duration: { settle: '20s' },
  }),
  driver: wsdeliverWith((options) => new RemembersArrivals(options)),
  outcome: { kind: 'silent-loss', stage: 'not-handled' },
  consequences: ['ack-before-handle'],
};
