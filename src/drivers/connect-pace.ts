import type { Clock } from '../protocol/ports.ts';

/** The rate at which the clients of one process connect, those that come back included: each attempt takes a slot. */
export class ConnectPace {
  readonly #clock: Clock;
  readonly #slotUs: number;
  #nextUs = 0;

  /** @param perSec - more than 0 */
  constructor(clock: Clock, perSec: number) {
    this.#clock = clock;
    this.#slotUs = 1_000_000 / perSec;
  }

  /**
   * Takes the next slot that is free.
   *
   * @returns how long to wait for it, ms
   */
  takeMs(): number {
    const nowUs = this.#clock.nowUs();
    const atUs = Math.max(nowUs, this.#nextUs);
    this.#nextUs = atUs + this.#slotUs;
    return (atUs - nowUs) / 1000;
  }
}
