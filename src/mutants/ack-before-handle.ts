import { WsdeliverClient } from '../drivers/wsdeliver/client.ts';
import { wsdeliverWith } from '../drivers/wsdeliver/driver.ts';
import type { Envelope } from '../protocol/frame.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class AckBeforeHandle<D extends object> extends WsdeliverClient<D> {
  protected override receive(frame: Envelope): void {
    super.receive(frame);
    this.sendAck(frame.seq, false);
  }

  /** Acked on arrival. */
  protected override ack(): void {}
}

export const ackBeforeHandle: Variant = {
  name: 'ack-before-handle',
  side: 'client',
  defect: 'The client acks a message when it arrives instead of when its handler has succeeded.',
  scenario: mutantScenario({
    name: 'ack-before-handle',
    clients: [{ count: 8, rooms: ['ticks'], handler: { time: '20ms' } }],
  }),
  driver: wsdeliverWith((options) => new AckBeforeHandle(options)),
  outcome: { kind: 'ack-before-handle' },
  consequences: [],
};
