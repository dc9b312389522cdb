import { WsdeliverClient } from '../drivers/wsdeliver/client.ts';
import { wsdeliverWith } from '../drivers/wsdeliver/driver.ts';
import type { Envelope } from '../protocol/frame.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

const REMEMBERED = 4;

class RemembersTheLatest<D extends object> extends WsdeliverClient<D> {
  #latest: number[] = [];

  protected override receive(frame: Envelope): void {
    const { seq, payload, attempt } = frame;
    if (!this.window.has(seq) || this.#latest.includes(seq)) super.receive(frame);
    else this.onHandled(seq, this.observer.message(seq, payload, attempt > 1));
  }

  override onHandled(seq: number, delivery: D): void {
    this.#latest = [...this.#latest, seq].slice(-REMEMBERED);
    super.onHandled(seq, delivery);
  }
}

export const dedupWindowWithoutFloor: Variant = {
  name: 'dedup-window-without-floor',
  side: 'client',
  defect:
    'The client remembers only its latest handled messages; an older one that is resent is handled again.',
  scenario: mutantScenario({
    name: 'dedup-window-without-floor',
    server: { delivery: 'effectively-once', outbox: { ackTimeout: '400ms', maxResend: 20 } },
    faults: [{ during: 'load', clients: { ids: [0, 1, 2] }, do: 'lose-acks', probability: '20%' }],
  }),
  driver: wsdeliverWith((options) => new RemembersTheLatest(options)),
  outcome: { kind: 'duplicate', cause: { code: 'handled-before' } },
  consequences: [],
};
