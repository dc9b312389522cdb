/**
 * Which seqs were handled: a floor, up to which everything was, plus what lies above it.
 *
 * The floor is what makes a duplicate impossible however old it is; a plain set of recent seqs forgets the oldest
 * and would hand a late resend to the handler again. Only what lies above a hole costs memory, at most `window` seqs.
 */
export class DedupWindow {
  readonly window: number;
  #floor = 0;
  #above: Set<number> | undefined;

  constructor(window: number) {
    this.window = window;
  }

  /** Highest seq up to which everything was handled or covered by a gap; 0 at the start. */
  get floor(): number {
    return this.#floor;
  }

  has(seq: number): boolean {
    return seq <= this.#floor || (this.#above?.has(seq) ?? false);
  }

  /** Whether `seq` is so far above the floor that it could not be remembered. */
  isBeyond(seq: number): boolean {
    return seq > this.#floor + this.window;
  }

  /** @returns false when it was there already, or lies beyond the window and can't be remembered */
  add(seq: number): boolean {
    if (seq === this.#floor + 1) {
      this.#floor = seq;
      if (this.#above !== undefined) this.#close();
      return true;
    }
    if (this.has(seq) || this.isBeyond(seq)) return false;
    this.#above ??= new Set();
    this.#above.add(seq);
    return true;
  }

  /** Covers a gap: as if everything from `from` to `to` had been handled. */
  cover(from: number, to: number): void {
    if (to <= this.#floor) return;
    if (from <= this.#floor + 1) {
      this.#floor = to;
      this.#forgetBelowFloor();
      this.#close();
      return;
    }
    for (let seq = from; seq <= to && !this.isBeyond(seq); seq += 1) this.add(seq);
  }

  /** As if it had not been handled; what lies above it stays. */
  forget(seq: number): void {
    if (seq > this.#floor) {
      this.#above?.delete(seq);
      return;
    }
    const floor = this.#floor;
    this.#floor = seq - 1;
    this.#above ??= new Set();
    for (let above = seq + 1; above <= floor; above += 1) this.#above.add(above);
    if (this.#above.size === 0) this.#above = undefined;
  }

  /** Forgets everything above `seq` and everything handled since: the state before it. */
  rollBackTo(seq: number): void {
    if (seq >= this.#floor) return;
    this.#floor = seq;
    this.#above = undefined;
  }

  clear(): void {
    this.#floor = 0;
    this.#above = undefined;
  }

  #close(): void {
    const above = this.#above;
    if (above === undefined) return;
    while (above.delete(this.#floor + 1)) this.#floor += 1;
    if (above.size === 0) this.#above = undefined;
  }

  #forgetBelowFloor(): void {
    for (const seq of this.#above ?? []) if (seq <= this.#floor) this.#above?.delete(seq);
  }
}
