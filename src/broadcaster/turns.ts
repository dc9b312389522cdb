import { Timer, type Timers } from '../protocol/ports.ts';

/** Units of work, each about a microsecond, that one connection may cause before others have their turn. */
export const UNITS_MAX = 1000;
/** Units of work done in one turn for all connections that have to wait. */
const TURN_UNITS_MAX = 5000;

/** Something that has more to do than fits into one turn. */
export interface Work {
  /** Does at least one piece of it, and stops when `unitsMax` are spent. @returns units spent, at least 1 */
  proceed(unitsMax: number): number;
  readonly finished: boolean;
  /** `proceed` threw. */
  fail(error: unknown): void;
}

/**
 * Works off what is too much for one turn of the event loop, a little of each in rotation, so that whoever asks for
 * little never waits for whoever asks for much.
 */
export class Turns {
  readonly #timers: Timers;
  readonly #timer = new Timer(() => this.#step());
  readonly #waiting = new Set<Work>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  add(work: Work): void {
    this.#waiting.add(work);
    if (!this.#timer.armed) this.#timers.arm(this.#timer, 0);
  }

  remove(work: Work): void {
    this.#waiting.delete(work);
    if (this.#waiting.size === 0) this.#timers.disarm(this.#timer);
  }

  #step(): void {
    let left = TURN_UNITS_MAX;
    for (const work of this.#waiting) {
      // What is not finished comes again behind all others, in this turn or a later one.
      this.#waiting.delete(work);
      left -= this.#proceed(work, Math.min(left, UNITS_MAX));
      if (left <= 0) break;
    }
    if (this.#waiting.size > 0 && !this.#timer.armed) this.#timers.arm(this.#timer, 0);
  }

  #proceed(work: Work, unitsMax: number): number {
    try {
      const units = work.proceed(unitsMax);
      if (!work.finished) this.#waiting.add(work);
      return units;
    } catch (error) {
      work.fail(error);
      return unitsMax;
    }
  }
}
