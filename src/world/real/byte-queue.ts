const NOTHING = Buffer.alloc(0);

/** Bytes kept in order until somebody takes them. Empty, it keeps no memory. */
export class ByteQueue {
  #bytes = NOTHING;
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /** Appends a copy of `source` between `from` and `to`. */
  append(source: Buffer, from: number, to: number): void {
    this.#reserve(to - from);
    this.#end += source.copy(this.#bytes, this.#end, from, to);
  }

  /** All that is kept; good until the next change. */
  view(): Buffer {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Takes out the first bytes, at most as many as there are; they are good until the next change. */
  take(count: number): Buffer {
    const taken = this.#bytes.subarray(this.#start, Math.min(this.#end, this.#start + count));
    this.#start += taken.length;
    if (this.#start === this.#end) this.clear();
    return taken;
  }

  clear(): void {
    this.#bytes = NOTHING;
    this.#start = 0;
    this.#end = 0;
  }

  #reserve(count: number): void {
    if (this.#end + count <= this.#bytes.length) return;
    const kept = this.view();
    const grown = Buffer.allocUnsafe(Math.max(kept.length + count, kept.length * 2));
    kept.copy(grown);
    this.#bytes = grown;
    this.#start = 0;
    this.#end = kept.length;
  }
}
