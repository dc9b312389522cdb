import { type Clock, Timer, type Timers } from '../../protocol/ports.ts';
import type { SendGate } from '../../protocol/session-contract.ts';

/** Lets at most so many messages a second through, evenly spread, while it holds. */
export class RateGate implements SendGate {
  readonly #intervalUs: number;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #timer: Timer;
  readonly #holds: () => boolean;
  #nextUs: number;

  constructor(options: {
    readonly perSec: number;
    readonly clock: Clock;
    readonly timers: Timers;
    /** False: there is nothing to slow down any more. */
    readonly holds: () => boolean;
    /** The next message may pass. */
    readonly open: () => void;
  }) {
    this.#intervalUs = 1e6 / options.perSec;
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#holds = options.holds;
    this.#timer = new Timer(options.open);
    this.#nextUs = options.clock.nowUs();
  }

  admits(): boolean {
    if (!this.#holds()) return true;
    const nowUs = this.#clock.nowUs();
    if (nowUs < this.#nextUs) {
      if (!this.#timer.armed) this.#timers.arm(this.#timer, (this.#nextUs - nowUs) / 1000);
      return false;
    }
    // A timer that comes late is made up for by one interval at most: there are no bursts.
    this.#nextUs = Math.max(this.#nextUs + this.#intervalUs, nowUs);
    return true;
  }

  stop(): void {
    this.#timers.disarm(this.#timer);
  }
}
