import { Timer, type Timers } from '../protocol/ports.ts';
import type { Session } from '../protocol/session.ts';

/**
 * Writes to many sessions in batches, yielding in between, so that one broadcast to a crowd never keeps heartbeats
 * and acks waiting.
 *
 * A session is queued once however many messages wait for it: broadcasts that overtake the fan-out leave together.
 */
export class FanOut {
  readonly #batchSize: number;
  readonly #batchDelayMs: number;
  readonly #timers: Timers;
  readonly #timer: Timer;
  readonly #serve: (session: Session) => void;
  #waiting = new Set<Session>();

  constructor(options: {
    readonly batchSize: number;
    readonly batchDelayMs: number;
    readonly timers: Timers;
    readonly serve: (session: Session) => void;
  }) {
    this.#batchSize = options.batchSize;
    this.#batchDelayMs = options.batchDelayMs;
    this.#timers = options.timers;
    this.#serve = options.serve;
    this.#timer = new Timer(() => this.#step());
  }

  add(session: Session): void {
    this.#waiting.add(session);
  }

  remove(session: Session): void {
    this.#waiting.delete(session);
  }

  /** Serves the first batch now, unless a batch is on its way already. */
  start(): void {
    if (!this.#timer.armed) this.#step();
  }

  stop(): void {
    this.#timers.disarm(this.#timer);
    this.#waiting.clear();
  }

  #step(): void {
    let left = this.#batchSize;
    for (const session of this.#waiting) {
      if (left === 0) {
        this.#timers.arm(this.#timer, this.#batchDelayMs);
        return;
      }
      left -= 1;
      this.#waiting.delete(session);
      this.#serve(session);
    }
  }
}
