import { Subscriber } from '../drivers/wsdeliver/subscriber.ts';
import type { Delivery } from '../load/load-client.ts';
import type { Envelope } from '../protocol/frame.ts';
import type { Variant } from './variant.ts';
import { zooScenario } from './zoo-scenario.ts';

class AckBeforeHandle extends Subscriber<Delivery> {
  protected override receive(frame: Envelope): void {
    super.receive(frame);
    this.sendAck(frame.seq, false);
  }

  /** Was acked when it came. */
  protected override ack(): void {}
}

export const ackBeforeHandle: Variant = {
  name: 'ack-before-handle',
  side: 'client',
  defect: 'The client acks a message when it arrives, and not when its handler has succeeded.',
  scenario: zooScenario({
    name: 'ack-before-handle',
    clients: [{ count: 8, rooms: ['ticks'], handler: { time: '20ms' } }],
  }),
  newSubscriber: (parts) => new AckBeforeHandle(parts),
  outcome: { kind: 'ack-before-handle' },
  consequences: [],
};
