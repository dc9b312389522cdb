import type { DedupWindow } from '../protocol/dedup-window.ts';
import { type Random, Timer, type Timers } from '../protocol/ports.ts';
import type { Connector } from './connector.ts';

/** Messages waiting for the handler after which the client stops reading its socket. */
const INBOX_MAX = 1024;

/** Receives the inbox's events; `delivery` is what the observer made of the message when it arrived. */
export interface InboxOwner<D> {
  onHandled(seq: number, delivery: D): void;
  onFailed(seq: number, delivery: D): void;
}

interface Item<D> {
  readonly seq: number;
  readonly delivery: D;
}

/**
 * The application's handler: one message at a time, each taking `handlerMs`, some failing.
 *
 * In an ordered inbox (effectively-once) messages are handled strictly in seq order. What lies above a hole, or
 * above a message whose handler failed, is held until that one has come again or a gap covers it.
 */
export class Inbox<D> {
  readonly #owner: InboxOwner<D>;
  readonly #connector: Pick<Connector, 'pauseReading' | 'resumeReading'>;
  readonly #window: DedupWindow | undefined;
  readonly #timers: Timers;
  readonly #random: Random;
  readonly #failureRatio: number;
  /** Made when a handler takes time first. */
  #timer: Timer | undefined;
  /** What the profile says, unless a fault says otherwise; ms. */
  handlerMs: number;
  /** Messages that the handler can't cope with, however often they come. */
  isPoison: ((delivery: D) => boolean) | undefined;
  #ordered = false;
  /** Ordered: the seq that goes to the queue next. */
  #next = 1;
  #queue: Item<D>[] | undefined;
  #held: Map<number, D> | undefined;
  #running: Item<D> | undefined;
  #congested = false;

  constructor(options: {
    readonly owner: InboxOwner<D>;
    /** Stops reading while the inbox is full. */
    readonly connector: Pick<Connector, 'pauseReading' | 'resumeReading'>;
    /** Absent where it is never ordered. */
    readonly window?: DedupWindow;
    readonly behaviour: { readonly handlerMs: number; readonly handlerFailureRatio: number };
    readonly ports: { readonly timers: Timers; readonly handlerRandom: Random };
  }) {
    const { behaviour, ports } = options;
    this.#owner = options.owner;
    this.#connector = options.connector;
    this.#window = options.window;
    this.#timers = ports.timers;
    this.#random = ports.handlerRandom;
    this.#failureRatio = behaviour.handlerFailureRatio;
    this.handlerMs = behaviour.handlerMs;
  }

  /** Received and not yet through the handler. */
  get size(): number {
    return (this.#queue?.length ?? 0) + (this.#held?.size ?? 0) + (this.#running === undefined ? 0 : 1);
  }

  /** Empties it for a new connection; a handler call in progress goes on, unless its session is gone. */
  restart(options: { readonly ordered: boolean; readonly resumed: boolean }): void {
    this.#ordered = options.ordered;
    if (!options.resumed) {
      this.#running = undefined;
      this.#stopTimer();
    }
    this.#queue = undefined;
    this.#held = undefined;
    this.#next = Math.max(this.#window?.floor ?? 0, this.#running?.seq ?? 0) + 1;
    this.#relieve();
  }

  /** On a new connection, where what came before it is still to be handled. */
  carryOn(): void {
    if (this.#congested) this.#connector.pauseReading('inbox');
  }

  /** Handles nothing any more. */
  stop(): void {
    this.#stopTimer();
    this.#running = undefined;
    this.#queue = undefined;
    this.#held = undefined;
  }

  /** Whether an ordered inbox has this seq already, waiting. */
  holds(seq: number): boolean {
    return (
      this.#ordered && (seq < this.#next ? this.#window?.has(seq) !== true : (this.#held?.has(seq) ?? false))
    );
  }

  push(seq: number, delivery: D): void {
    this.#passGaps();
    if (this.#ordered && seq !== this.#next) {
      if (seq < this.#next) return;
      this.#held ??= new Map();
      this.#held.set(seq, delivery);
      return;
    }
    this.#next = seq + 1;
    if (this.#running === undefined && this.handlerMs === 0 && !this.#queue?.length)
      this.#finish(seq, delivery);
    else {
      this.#enqueue(seq, delivery);
      this.#run();
    }
    if (this.#held !== undefined) this.#release();
  }

  /** A gap: what it covers will not come, what is held above may go on. */
  cover(from: number, to: number): void {
    if (!this.#ordered) return;
    for (const seq of this.#held?.keys() ?? []) if (seq >= from && seq <= to) this.#held?.delete(seq);
    this.#release();
  }

  /** Ordered: what the window has is queued or handled below `#next`; from there on only gaps can have put it there. */
  #passGaps(): void {
    const window = this.#window;
    if (!this.#ordered || window === undefined) return;
    if (this.#next <= window.floor) this.#next = window.floor + 1;
    while (window.has(this.#next)) this.#next += 1;
  }

  #enqueue(seq: number, delivery: D): void {
    this.#queue ??= [];
    this.#queue.push({ seq, delivery });
  }

  #release(): void {
    this.#passGaps();
    const held = this.#held;
    if (held === undefined) return;
    for (let delivery = held.get(this.#next); delivery !== undefined; delivery = held.get(this.#next)) {
      held.delete(this.#next);
      this.#enqueue(this.#next, delivery);
      this.#next += 1;
      this.#passGaps();
    }
    if (held.size === 0) this.#held = undefined;
    this.#run();
  }

  #run(): void {
    while (this.#running === undefined) {
      const item = this.#queue?.shift();
      if (item === undefined) break;
      if (this.handlerMs === 0) this.#finish(item.seq, item.delivery);
      else {
        this.#running = item;
        this.#timer ??= new Timer(() => this.#finishRunning());
        this.#timers.arm(this.#timer, this.handlerMs);
      }
    }
    this.#relieve();
  }

  #finishRunning(): void {
    const item = this.#running;
    this.#running = undefined;
    if (item !== undefined) this.#finish(item.seq, item.delivery);
    this.#run();
  }

  #finish(seq: number, delivery: D): void {
    const failed = this.#failureRatio > 0 && this.#random.next() < this.#failureRatio;
    if (failed || this.isPoison?.(delivery)) {
      if (this.#ordered) this.#holdAbove(seq);
      this.#owner.onFailed(seq, delivery);
      // A gap has covered it meanwhile: it will not come again.
      if (this.#ordered && this.#window?.has(seq)) this.#release();
    } else this.#owner.onHandled(seq, delivery);
  }

  /** Ordered: nothing above a failed message may be handled before it. */
  #holdAbove(seq: number): void {
    this.#next = seq;
    const queue = this.#queue ?? [];
    if (queue.length === 0) return;
    this.#held ??= new Map();
    for (const item of queue) this.#held.set(item.seq, item.delivery);
    this.#queue = undefined;
  }

  #relieve(): void {
    const waiting = this.#queue?.length ?? 0;
    const full = waiting >= INBOX_MAX;
    if (full === this.#congested || (this.#congested && waiting > INBOX_MAX / 2)) return;
    this.#congested = full;
    if (full) this.#connector.pauseReading('inbox');
    else this.#connector.resumeReading('inbox');
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.#timers.disarm(this.#timer);
  }
}
