import { SLICE_MS, SLICES_SAVED_MAX } from '../link-pace.ts';

/**
 * Slow reading: what has been read from the kernel is held and handed over in slices, and more is read only when less
 * is held than a slice takes.
 *
 * The kernel is read in lumps of up to 64 KiB, so what has been taken from it runs at most a lump and a slice ahead of
 * what the limit allows; over any longer time the rates are the same. What a link hands on keeps to the limit slice by
 * slice.
 */

/** What is read slowly. */
export interface Throttled {
  /** Bytes read from the kernel and not handed over. */
  readonly heldBytes: number;
  handOver(bytes: number): void;
  /** Reads from the kernel until `Throttle.wantsMore` says no. */
  readOn(): void;
}

const throttles = new Set<Throttle>();
let pacer: NodeJS.Timeout | undefined;

function sliceAll(): void {
  const nowMs = performance.now();
  for (const throttle of throttles) throttle.slice(nowMs);
}

export class Throttle {
  readonly #source: Throttled;
  readonly #bytesPerMs: number;
  #allowance = 0;
  #lastMs = performance.now();

  constructor(source: Throttled, bytesPerSec: number) {
    this.#source = source;
    this.#bytesPerMs = bytesPerSec / 1000;
    throttles.add(this);
    pacer ??= setInterval(sliceAll, SLICE_MS);
  }

  get wantsMore(): boolean {
    return this.#source.heldBytes < this.#bytesPerMs * SLICE_MS;
  }

  stop(): void {
    throttles.delete(this);
    if (throttles.size > 0) return;
    clearInterval(pacer);
    pacer = undefined;
  }

  slice(nowMs: number): void {
    const allowanceMax = Math.max(1, this.#bytesPerMs * SLICE_MS * SLICES_SAVED_MAX);
    this.#allowance = Math.min(allowanceMax, this.#allowance + this.#bytesPerMs * (nowMs - this.#lastMs));
    this.#lastMs = nowMs;
    const bytes = Math.min(Math.floor(this.#allowance), this.#source.heldBytes);
    if (bytes > 0) {
      this.#allowance -= bytes;
      this.#source.handOver(bytes);
    }
    if (this.wantsMore && throttles.has(this)) this.#source.readOn();
  }
}
