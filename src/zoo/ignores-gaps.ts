import { Subscriber } from '../drivers/wsdeliver/subscriber.ts';
import type { Delivery } from '../load/load-client.ts';
import type { GapReason } from '../protocol/frame.ts';
import type { Variant } from './variant.ts';
import { zooScenario } from './zoo-scenario.ts';

class IgnoresGaps extends Subscriber<Delivery> {
  protected override onGap(from: number, to: number, reason: GapReason): void {
    this.observer.gap(this, from, to, reason);
  }
}

export const ignoresGaps: Variant = {
  name: 'ignores-gaps',
  side: 'client',
  defect:
    'The client waits for messages that a gap has told it will not come, and handles nothing above them.',
  scenario: zooScenario({
    name: 'ignores-gaps',
    server: { delivery: 'effectively-once', outbox: { maxPending: 10, ackTimeout: '300ms' } },
    faults: [{ at: '300ms', for: '1200ms', clients: { ids: [0, 1] }, do: 'pause-reader' }],
    expect: { allowReported: ['overflow'] },
    duration: { settle: '120s' },
  }),
  newSubscriber: (parts) => new IgnoresGaps(parts),
  outcome: { kind: 'reported-loss', cause: { reason: 'max-resend' } },
  consequences: [],
};
