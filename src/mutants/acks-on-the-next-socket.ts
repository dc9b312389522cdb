import { WsdeliverClient } from '../drivers/wsdeliver/client.ts';
import { wsdeliverWith } from '../drivers/wsdeliver/driver.ts';
import { encodeAck } from '../protocol/frame.ts';
import { Timer } from '../protocol/ports.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

const ACK_DELAY_MS = 500;

class AcksLate<D extends object> extends WsdeliverClient<D> {
  protected override sendAck(seq: number, cumulative: boolean): void {
    const timer = new Timer(() => {
      if (!this.connector.ready) return;
      this.observer.acked(seq, cumulative);
      this.connector.say(encodeAck(seq, cumulative));
    });
    this.ports.timers.arm(timer, ACK_DELAY_MS);
  }
}

export const acksOnTheNextSocket: Variant = {
  name: 'acks-on-the-next-socket',
  side: 'client',
  defect: 'A late ack is sent on the socket of the next session, where its seq means another message.',
  // The other message has failed and waits to be resent.
  scenario: mutantScenario({
    name: 'acks-on-the-next-socket',
    server: { outbox: { nackBackoff: '300ms', maxResend: 20 } },
    clients: [{ count: 8, rooms: ['ticks'], handler: { failure: '30%' } }],
    faults: [{ at: '100ms', do: 'fresh-session' }],
    duration: { settle: '600s' },
    expect: { allowReported: ['replaced'] },
  }),
  driver: wsdeliverWith((options) => new AcksLate(options)),
  outcome: { kind: 'ack-before-handle', cause: { code: 'acked-unhandled' } },
  consequences: ['silent-loss'],
};
