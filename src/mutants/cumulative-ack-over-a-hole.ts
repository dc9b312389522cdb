import { WsdeliverClient } from '../drivers/wsdeliver/client.ts';
import { wsdeliverWith } from '../drivers/wsdeliver/driver.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class AcksOverHoles<D extends object> extends WsdeliverClient<D> {
  #highest = 0;

  protected override ack(seq: number): void {
    this.#highest = Math.max(this.#highest, seq);
    this.sendAck(this.#highest, true);
  }
}

export const cumulativeAckOverAHole: Variant = {
  name: 'cumulative-ack-over-a-hole',
  side: 'client',
  defect: 'A cumulative ack names the highest message handled, even if one below it failed.',
  // A failed message is resent only after the ack that covers it.
  scenario: mutantScenario({
    name: 'cumulative-ack-over-a-hole',
    duration: { settle: '60s' },
    server: { outbox: { ackTimeout: '400ms', nackBackoff: '500ms', maxResend: 20 } },
    clients: [
      {
        count: 8,
        rooms: ['ticks'],
        ack: { mode: 'cumulative', every: 1, delay: '50ms' },
        handler: { failure: '10%' },
      },
    ],
  }),
  driver: wsdeliverWith((options) => new AcksOverHoles(options)),
  outcome: { kind: 'ack-before-handle', cause: { code: 'acked-through-unhandled' } },
  consequences: ['silent-loss'],
};
