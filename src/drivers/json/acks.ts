import { AckPolicy } from '../../protocol/ack-policy.ts';
import { DedupWindow } from '../../protocol/dedup-window.ts';
import type { AckMode } from '../../protocol/frame.ts';
import { Timer, type Timers } from '../../protocol/ports.ts';
import type { TreeTemplate } from '../../templates/template.ts';
import type { Connector } from '../connector.ts';
import type { AckFilter } from '../driver.ts';
import type { Description } from './description.ts';
import type { AtHand } from './scope.ts';
import type { Speaker } from './speaker.ts';

export interface AcksOptions {
  readonly description: Description;
  readonly mode: AckMode;
  readonly nack: boolean;
  readonly window: number;
  readonly connector: Connector;
  readonly owner: Pick<Speaker, 'say'>;
  readonly timers: Timers;
  readonly ackFilter: () => AckFilter | undefined;
  readonly acked: (position: number, cumulative: boolean) => void;
  /** What the server calls a position. */
  readonly numberOf: (position: number) => number;
}

interface Expected {
  readonly session: number;
  readonly atHand: AtHand;
}

/**
 * Says that messages were handled, or were not, as far as the description has words for it.
 *
 * The inbox handles messages in the order of their arrival, so what an ack has to say of each waits here in the same
 * order.
 */
export class Acks {
  readonly #options: AcksOptions;
  readonly #policy: AckPolicy;
  readonly #window: DedupWindow;
  readonly #timer = new Timer(() => this.#ackCumulative());
  #expected: Expected[] = [];
  #first = 0;
  #session = 0;
  #delayed: Set<Timer> | undefined = undefined;

  constructor(options: AcksOptions) {
    this.#options = options;
    this.#policy = new AckPolicy(options.mode);
    this.#window = new DedupWindow(options.window);
  }

  /** A message is about to be handed to the handler. */
  expect(atHand: AtHand): void {
    this.#expected.push({ session: this.#session, atHand });
  }

  /** Another session: what was handled of the one before is nothing to ack any more. */
  reset(): void {
    this.#session += 1;
    this.#window.clear();
    this.#policy.reset();
    this.#options.timers.disarm(this.#timer);
  }

  /** Positions that will never come, or are none of a message. */
  cover(from: number, to: number): void {
    if (this.#options.mode.mode === 'cumulative' && from > 0) this.#window.cover(from, to);
  }

  stop(): void {
    this.#options.timers.disarm(this.#timer);
    for (const timer of this.#delayed ?? []) this.#options.timers.disarm(timer);
  }

  onHandled(position: number): void {
    const expected = this.#take();
    if (expected === undefined || expected.session !== this.#session) return;
    const { description, mode } = this.#options;
    if (mode.mode === 'each') {
      if (description.ack !== undefined) this.#ack(description.ack, position, expected.atHand, false);
      return;
    }
    if (description.cumulative === undefined || position === 0) return;
    this.#window.add(position);
    if (this.#policy.isDue(this.#window.floor)) this.#ackCumulative();
    else if (!this.#timer.armed) this.#options.timers.arm(this.#timer, mode.delayMs);
  }

  onFailed(): void {
    const expected = this.#take();
    const { description, nack } = this.#options;
    if (expected === undefined || expected.session !== this.#session || !nack) return;
    if (description.nack !== undefined) this.#say(description.nack, expected.atHand);
  }

  #take(): Expected | undefined {
    const expected = this.#expected[this.#first];
    if (expected === undefined) return undefined;
    this.#first += 1;
    if (this.#first === this.#expected.length) {
      this.#expected = [];
      this.#first = 0;
    }
    return expected;
  }

  #ackCumulative(): void {
    const { description, timers, connector, numberOf } = this.#options;
    timers.disarm(this.#timer);
    if (description.cumulative === undefined || connector.speaker === undefined) return;
    const position = this.#policy.take(this.#window.floor);
    if (position === undefined) return;
    this.#ack(description.cumulative, position, { message: { seq: numberOf(position) } }, true);
  }

  #ack(tree: TreeTemplate, position: number, atHand: AtHand, cumulative: boolean): void {
    const { connector, ackFilter, acked, description } = this.#options;
    if (connector.speaker === undefined) return;
    const fate = ackFilter()?.('down');
    switch (fate?.kind) {
      case undefined:
        acked(position, cumulative);
        this.#say(tree, atHand);
        return;
      case 'lose':
        return;
      case 'delay':
        this.#later(fate.delayMs, () => {
          acked(position, cumulative);
          this.#say(tree, atHand);
        });
        return;
      case 'duplicate':
        acked(position, cumulative);
        for (let copy = 0; copy < fate.copies; copy += 1) this.#say(tree, atHand);
        return;
      case 'nack':
        if (description.nack !== undefined) this.#say(description.nack, atHand);
    }
  }

  /** Unless the session speaks through another connection by then. */
  #later(delayMs: number, act: () => void): void {
    const { connector, timers } = this.#options;
    const { speaker } = connector;
    const timer = new Timer(() => {
      this.#delayed?.delete(timer);
      if (connector.speaker === speaker) act();
    });
    this.#delayed ??= new Set();
    this.#delayed.add(timer);
    timers.arm(timer, delayMs);
  }

  #say(tree: TreeTemplate, atHand: AtHand): void {
    this.#options.owner.say(tree, atHand);
  }
}
