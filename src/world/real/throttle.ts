import type { Socket } from 'node:net';

/**
 * Slow reading: a paused stream is read in slices, and refills from the kernel only as far as its buffer was emptied.
 *
 * The kernel is read in lumps of up to 64 KiB, so what has been taken from it runs at most two lumps ahead of what
 * the limit allows; over any longer time the rates are the same. What a link hands on keeps to the limit slice by slice.
 */
const SLICE_MS = 25;
/** Unused allowance is kept for no more than this many slices, so that a pause is not followed by a burst. */
const SLICES_SAVED_MAX = 2;

const throttles = new Set<Throttle>();
let pacer: NodeJS.Timeout | undefined;

function sliceAll(): void {
  const nowMs = performance.now();
  for (const throttle of throttles) throttle.slice(nowMs);
}

export class Throttle {
  readonly #socket: Socket;
  readonly #bytesPerMs: number;
  #allowance = 0;
  #lastMs = performance.now();

  /** @param socket - paused by the caller, and kept so */
  constructor(socket: Socket, bytesPerSec: number) {
    this.#socket = socket;
    this.#bytesPerMs = bytesPerSec / 1000;
    throttles.add(this);
    pacer ??= setInterval(sliceAll, SLICE_MS);
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
    while (this.#allowance >= 1 && this.#socket.readableLength > 0 && throttles.has(this)) {
      const bytes = Math.min(Math.floor(this.#allowance), this.#socket.readableLength);
      this.#allowance -= bytes;
      this.#socket.read(bytes);
    }
    // Fetches more from the kernel, and lets the stream notice that it has ended.
    if (this.#socket.readableLength === 0) this.#socket.read(0);
  }
}
