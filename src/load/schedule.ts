import { type Clock, Timer, type Timers } from '../protocol/ports.ts';

/** Instants that are due and are acted on in one turn, before others get theirs. */
const TURN_MAX = 256;

/** Acts at each of many instants, given in ascending order, µs; at those that have passed at once. */
export class Schedule {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #timer: Timer;

  /** @param options - `fromUs`: no instant is earlier */
  constructor(options: {
    readonly instants: Iterator<number>;
    readonly fromUs: number;
    readonly clock: Clock;
    readonly timers: Timers;
    readonly act: (instantUs: number) => void;
  }) {
    const { instants, fromUs, clock, timers, act } = options;
    this.#clock = clock;
    this.#timers = timers;
    let next = instants.next();
    this.#timer = new Timer(() => {
      for (let turn = 0; !next.done && next.value <= clock.nowUs() && turn < TURN_MAX; turn += 1) {
        act(next.value);
        next = instants.next();
      }
      if (!next.done) this.#wakeAt(next.value);
    });
    this.#wakeAt(fromUs);
  }

  stop(): void {
    this.#timers.disarm(this.#timer);
  }

  #wakeAt(instantUs: number): void {
    this.#timers.arm(this.#timer, Math.max(0, (instantUs - this.#clock.nowUs()) / 1000));
  }
}
