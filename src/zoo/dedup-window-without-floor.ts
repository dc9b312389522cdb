import { Subscriber } from '../drivers/wsdeliver/subscriber.ts';
import type { Delivery } from '../load/load-client.ts';
import type { Envelope } from '../protocol/frame.ts';
import type { Variant } from './variant.ts';
import { zooScenario } from './zoo-scenario.ts';

const REMEMBERED = 4;

class RemembersTheLatest extends Subscriber<Delivery> {
  #latest: number[] = [];

  protected override receive(frame: Envelope): void {
    const { seq, payload, attempt } = frame;
    if (!this.window.has(seq) || this.#latest.includes(seq)) super.receive(frame);
    else this.onHandled(seq, this.observer.received(this, seq, payload, attempt));
  }

  override onHandled(seq: number, delivery: Delivery): void {
    this.#latest = [...this.#latest, seq].slice(-REMEMBERED);
    super.onHandled(seq, delivery);
  }
}

export const dedupWindowWithoutFloor: Variant = {
  name: 'dedup-window-without-floor',
  side: 'client',
  defect:
    'The client remembers the latest few messages it handled; an older one that comes again is handled again.',
  scenario: zooScenario({
    name: 'dedup-window-without-floor',
    server: { delivery: 'effectively-once', outbox: { ackTimeout: '400ms', maxResend: 20 } },
    faults: [{ during: 'load', clients: { ids: [0, 1, 2] }, do: 'lose-acks', probability: '20%' }],
  }),
  newSubscriber: (parts) => new RemembersTheLatest(parts),
  outcome: { kind: 'duplicate', cause: { code: 'handled-before' } },
  consequences: [],
};
