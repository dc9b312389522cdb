import { type Link, Timer } from '../protocol/ports.ts';
import { Session } from '../protocol/session.ts';
import { withSessions } from './broken-session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

const REPLAY_DELAY_MS = 120;

class ReplaysBesideLive extends Session {
  readonly #timer = new Timer(() => this.#replay());
  #missed: number[] = [];

  override attach(link: Link, replay: boolean): void {
    super.attach(link, replay);
    if (!replay) return;
    const { outbox } = this;
    this.#missed = [];
    for (let index = outbox.head; index < outbox.tail; index += 1) this.#missed.push(outbox.seqAt(index));
    outbox.skip(outbox.tail - 1);
    this.timers.arm(this.#timer, REPLAY_DELAY_MS);
  }

  override detach(): void {
    super.detach();
    this.timers.disarm(this.#timer);
  }

  #replay(): void {
    const { link, outbox } = this;
    for (const seq of this.#missed) {
      const index = outbox.find(seq);
      const item = index < 0 ? undefined : outbox.at(index);
      if (link !== undefined && item !== undefined) this.transmit(link, index, item);
    }
  }
}

export const replayOverlapsLive: Variant = {
  name: 'replay-overlaps-live',
  side: 'server',
  defect: 'Live messages are sent before the replay of missed messages is complete.',
  // Nothing is resent here, so the client handles everything once and in order.
  scenario: mutantScenario({
    name: 'replay-overlaps-live',
    clients: [{ count: 8, rooms: ['ticks'], reconnect: { min: '300ms', max: '300ms', jitter: 'none' } }],
    faults: [{ at: '500ms', clients: { ids: [0, 1] }, do: 'drop' }],
    expect: { guarantee: 'effectively-once' },
  }),
  newBroadcaster: withSessions(ReplaysBesideLive),
  outcome: { kind: 'reorder' },
  consequences: [],
};
