import { WsdeliverClient } from '../drivers/wsdeliver/client.ts';
import { wsdeliverWith } from '../drivers/wsdeliver/driver.ts';
import type { Envelope, ResumeRequest } from '../protocol/frame.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class DeclaresTheReceived<D extends object> extends WsdeliverClient<D> {
  #received = 0;

  protected override receive(frame: Envelope): void {
    this.#received = Math.max(this.#received, frame.seq);
    super.receive(frame);
  }

  protected override resumption(lastSeq: number): ResumeRequest | undefined {
    return super.resumption(Math.max(lastSeq, this.#received));
  }
}

export const declaresWhatItReceived: Variant = {
  name: 'declares-what-it-received',
  side: 'client',
  defect: 'A resume declares received messages as handled.',
  scenario: mutantScenario({
    name: 'declares-what-it-received',
    clients: [{ count: 8, rooms: ['ticks'], handler: { time: '80ms' } }],
    faults: [{ at: '1s', clients: { ids: [0, 1, 2] }, do: 'drop' }],
    duration: { settle: '20s' },
  }),
  driver: wsdeliverWith((options) => new DeclaresTheReceived(options)),
  outcome: { kind: 'silent-loss', stage: 'not-handled' },
  consequences: ['false-resume'],
};
