import type { AckMode } from './frame.ts';

/**
 * When an ack is due, and which.
 *
 * `each` acks every handled message at once. `cumulative` acks the floor (everything up to it was handled) after
 * `every` messages or `delayMs`, whichever is first, and never a seq with a hole below.
 */
export class AckPolicy {
  readonly mode: AckMode;
  #lastAcked = 0;
  #sinceAck = 0;

  constructor(mode: AckMode) {
    this.mode = mode;
  }

  /** Highest seq that an ack or a resume has covered; cumulative only. */
  get lastAcked(): number {
    return this.#lastAcked;
  }

  /**
   * Notes that one more message was handled, or arrived again after that.
   *
   * @returns whether an ack must leave now; else it may wait for `delayMs`
   */
  isDue(floor: number): boolean {
    if (this.mode.mode === 'each') return true;
    this.#sinceAck += 1;
    // A hole keeps the floor down: an ack of the old floor says nothing new, so it waits for the delay.
    return this.#sinceAck >= this.mode.every && floor > this.#lastAcked;
  }

  /** @returns the seq for a cumulative ack, or undefined when there is nothing handled to ack */
  take(floor: number): number | undefined {
    this.#sinceAck = 0;
    if (floor === 0) return undefined;
    this.#lastAcked = floor;
    return floor;
  }

  /** Notes that a resume declares everything up to `seq` as handled, which is as good as an ack. */
  declare(seq: number): void {
    this.#lastAcked = Math.max(this.#lastAcked, seq);
  }

  reset(): void {
    this.#lastAcked = 0;
    this.#sinceAck = 0;
  }
}
