import { WsdeliverClient } from '../drivers/wsdeliver/client.ts';
import { wsdeliverWith } from '../drivers/wsdeliver/driver.ts';
import type { Envelope } from '../protocol/frame.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class KeepsItsWindow<D extends object> extends WsdeliverClient<D> {
  #highest = 0;

  protected override receive(frame: Envelope): void {
    const { seq, payload, attempt } = frame;
    if (seq > this.#highest || this.window.has(seq)) {
      this.#highest = Math.max(this.#highest, seq);
      super.receive(frame);
      return;
    }
    this.observer.message(seq, payload, attempt > 1);
    this.sendAck(seq, false);
  }
}

export const windowKeptOverSessions: Variant = {
  name: 'window-kept-over-sessions',
  side: 'client',
  defect:
    'The dedup window outlives its session, so that the first messages of the next one count as duplicates.',
  scenario: mutantScenario({
    name: 'window-kept-over-sessions',
    faults: [{ at: '800ms', clients: { ids: [0, 1, 2] }, do: 'fresh-session' }],
    expect: { allowReported: ['replaced'] },
  }),
  driver: wsdeliverWith((options) => new KeepsItsWindow(options)),
  outcome: { kind: 'silent-loss', stage: 'not-handled' },
  consequences: ['ack-before-handle'],
};
