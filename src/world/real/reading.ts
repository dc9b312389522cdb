import type { Socket } from 'node:net';
import { ByteQueue } from './byte-queue.ts';
import type { FrameReader } from './frame-reader.ts';
import { Throttle, type Throttled } from './throttle.ts';

/**
 * All sockets of the process are read into this buffer, one lump at a time: the kernel is read and the lump handed
 * over in one call, so no socket needs a buffer of its own.
 */
export const LUMP = Buffer.allocUnsafeSlow(65_536);

/**
 * How fast a link reads: as it comes, in slices, or not at all. What was read and may not be handed over yet
 * is held; only a limit holds more than what was on its way when reading stopped.
 */
export class Reading implements Throttled {
  readonly #socket: Socket;
  readonly #frames: FrameReader;
  readonly #held = new ByteQueue();
  #paused = false;
  #bytesPerSec: number | undefined = undefined;
  #throttle: Throttle | undefined = undefined;
  #started = false;
  #ended = false;

  constructor(socket: Socket, frames: FrameReader) {
    this.#socket = socket;
    this.#frames = frames;
  }

  get heldBytes(): number {
    return this.#held.length;
  }

  /** While a link is being opened there is nothing to pause; it is done from here on. */
  start(): void {
    this.#started = true;
    if (this.#paused || this.#bytesPerSec !== undefined) this.#apply();
  }

  pause(): void {
    this.#paused = true;
    this.#apply();
  }

  resume(): void {
    this.#paused = false;
    this.#apply();
  }

  /** Bytes per second; `undefined` lifts the limit. */
  limit(bytesPerSec: number | undefined): void {
    this.#bytesPerSec = bytesPerSec;
    this.#apply();
  }

  /** From now on all that arrives is thrown away, so that the end of the stream is seen whatever stands before it. */
  end(): void {
    this.#ended = true;
    this.#throttle?.stop();
    this.#held.clear();
    this.#socket.resume();
  }

  /** The socket is gone: what was held back is handed over, since nothing else will come that could be slow. */
  finish(): void {
    if (!this.#ended) this.handOver(this.#held.length);
    this.end();
  }

  /** Takes what was read into `chunk`; false when nothing more may be read for now. */
  arrived(chunk: Buffer, from: number, to: number): boolean {
    if (this.#ended) return true;
    if (!this.#paused && this.#throttle === undefined && this.#held.length === 0) {
      this.#frames.read(chunk, from, to);
      return true;
    }
    this.#held.append(chunk, from, to);
    return !this.#paused && (this.#throttle?.wantsMore ?? true);
  }

  handOver(bytes: number): void {
    const held = this.#held.take(bytes);
    this.#frames.read(held, 0, held.length);
  }

  readOn(): void {
    this.#socket.resume();
  }

  #apply(): void {
    if (!this.#started || this.#ended) return;
    this.#throttle?.stop();
    this.#throttle = undefined;
    if (this.#paused) this.#socket.pause();
    else if (this.#bytesPerSec !== undefined) this.#throttle = new Throttle(this, this.#bytesPerSec);
    else if (this.#held.length === 0) this.#socket.resume();
    // Not at once: whoever resumes may do so in the middle of a text that is being handed over.
    else process.nextTick(() => this.#catchUp());
  }

  #catchUp(): void {
    if (this.#paused || this.#throttle !== undefined || this.#ended) return;
    this.handOver(this.#held.length);
    this.#socket.resume();
  }
}
