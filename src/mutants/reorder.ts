import { Broadcaster } from '../broadcaster/broadcaster.ts';
import type { OutgoingMessage } from '../protocol/message.ts';
import { Timer } from '../protocol/ports.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

const EVERY = 7;
const LATEST_MS = 200;

class Reorders extends Broadcaster {
  #count = 0;
  #late: OutgoingMessage | undefined;
  readonly #timer = new Timer(() => this.#release());

  override publish(message: OutgoingMessage): string | undefined {
    this.#count += 1;
    if (this.#count % EVERY === 0) {
      this.#late = message;
      this.ports.timers.arm(this.#timer, LATEST_MS);
      return undefined;
    }
    const refusal = super.publish(message);
    this.#release();
    return refusal;
  }

  #release(): void {
    const late = this.#late;
    this.#late = undefined;
    this.ports.timers.disarm(this.#timer);
    if (late !== undefined) super.publish(late);
  }
}

export const reorder: Variant = {
  name: 'reorder',
  side: 'server',
  defect: 'Some messages get a seq above that of a message published after them.',
  scenario: mutantScenario({ name: 'reorder', server: { delivery: 'effectively-once' } }),
  newBroadcaster: (options) => new Reorders(options),
  outcome: { kind: 'reorder' },
  consequences: [],
};
