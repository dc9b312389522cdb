import { WsdeliverClient } from '../drivers/wsdeliver/client.ts';
import { wsdeliverWith } from '../drivers/wsdeliver/driver.ts';
import type { GapReason } from '../protocol/frame.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class IgnoresGaps<D extends object> extends WsdeliverClient<D> {
  protected override onGap(from: number, to: number, reason: GapReason): void {
    this.observer.gap(from, to, reason);
  }
}

export const ignoresGaps: Variant = {
  name: 'ignores-gaps',
  side: 'client',
  defect: 'The client waits for messages that a gap has reported lost, and handles nothing above them.',
  scenario: mutantScenario({
    name: 'ignores-gaps',
    server: { delivery: 'effectively-once', outbox: { maxPending: 10, ackTimeout: '300ms' } },
    faults: [{ at: '300ms', for: '1200ms', clients: { ids: [0, 1] }, do: 'pause-reader' }],
    expect: { allowReported: ['overflow'] },
    duration: { settle: '120s' },
  }),
  driver: wsdeliverWith((options) => new IgnoresGaps(options)),
  outcome: { kind: 'reported-loss', cause: { reason: 'max-resend' } },
  consequences: [],
};
