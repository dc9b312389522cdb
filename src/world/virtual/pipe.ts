import { Timer } from '../../protocol/ports.ts';
import { SLICE_MS, SLICES_SAVED_MAX } from '../link-pace.ts';
import type { Lane, LaneUser } from './lane.ts';
import type { VirtualTime } from './scheduler.ts';

/** What travels in a stream. It is read once its last byte is. */
export type Item =
  | { readonly kind: 'open'; readonly bytes: number }
  | { readonly kind: 'refused'; readonly bytes: number }
  | { readonly kind: 'text'; readonly bytes: number; readonly text: string }
  | { readonly kind: 'binary'; readonly bytes: number; readonly data: Uint8Array }
  | { readonly kind: 'ping'; readonly bytes: number }
  | { readonly kind: 'pong'; readonly bytes: number }
  | { readonly kind: 'close'; readonly bytes: number; readonly code: number; readonly reason: string }
  | { readonly kind: 'end'; readonly bytes: number };

export interface PipeReader {
  take(item: Item): void;
  /** The peer's reset is here; what had arrived before it may still be read. */
  resetArrived(): void;
  /** All that had arrived before the peer's reset is read. */
  brokeOff(): void;
  /** Something came for a reader that reads no more: its host answers with a reset. */
  unwanted(): void;
}

/** Looks on at one direction of a connection, and changes nothing. */
export interface PipeTap {
  wrote(item: Item): void;
  /** The reader has it; what was written and is never read got lost on the way. */
  read(item: Item): void;
  /** The writer's end has reset the connection. */
  reset(): void;
}

export interface PipeWriter {
  /** After the kernel had refused bytes, it has taken them all. */
  drained(): void;
}

/** Of what is unread, the reader's kernel holds so much; the rest still lies in the writer's. */
const RECEIVE_BUFFER_BYTES = 131_072;
const SEGMENT_BYTES_MIN = 1460;
const READ_ITEMS_MAX = 256;

interface PipeOptions {
  readonly time: VirtualTime;
  readonly lane: Lane;
  /** What the kernels of both ends hold together before the writer feels it. */
  readonly kernelBytes: number;
  readonly reader: PipeReader;
  readonly writer: PipeWriter;
  readonly tap: PipeTap | undefined;
}

/**
 * One direction of a connection: a stream of bytes in which items lie one behind the other.
 *
 * Four marks move along it, each counting bytes from its beginning: written by the sender, accepted by its kernel,
 * arrived at the other end, read there. The kernel accepts while less than its capacity lies between accepted and
 * read, so a reader that pauses lets the stream fill up to its writer.
 */
export class Pipe implements LaneUser {
  readonly #time: VirtualTime;
  readonly #lane: Lane;
  readonly #kernelBytes: number;
  readonly #reader: PipeReader;
  readonly #writer: PipeWriter;
  readonly #tap: PipeTap | undefined;
  #items: Item[] = [];
  /** Of each item the mark of its last byte. */
  #ends: number[] = [];
  #nextItem = 0;
  #written = 0;
  #accepted = 0;
  #departed = 0;
  #arrived = 0;
  #read = 0;
  #heldBack = 0;
  #lastArrivalUs = 0;
  #departing = false;
  #full = false;
  #reading = true;
  #wanted = true;
  #ended = false;
  #resetSent = false;
  #resetHeld = false;
  #broken = false;
  #readBytesPerSec: number | undefined = undefined;
  #allowance = 0;
  #allowanceAtUs = 0;
  readonly #slice = new Timer(() => this.#readOn());
  readonly #onArrival = (end: number): void => this.#arrive(end);

  constructor(options: PipeOptions) {
    this.#time = options.time;
    this.#lane = options.lane;
    this.#kernelBytes = options.kernelBytes;
    this.#reader = options.reader;
    this.#writer = options.writer;
    this.#tap = options.tap;
  }

  /** Bytes written that the kernel has not accepted. */
  get refusedBytes(): number {
    return this.#written - this.#accepted;
  }

  /** Bytes that the reader has taken. */
  get readBytes(): number {
    return this.#read;
  }

  /** Something has arrived that the reader has not read. */
  get hasUnread(): boolean {
    return this.#read < this.#arrived;
  }

  write(item: Item): void {
    if (this.#ended) return;
    this.#tap?.wrote(item);
    this.#written += item.bytes;
    this.#append(item);
    this.#accept(this.#kernelBytes - (this.#accepted - this.#read));
  }

  /** The writer is gone: what its kernel has is delivered, then the end. */
  end(): void {
    if (this.#ended) return;
    this.#dropBeyond(this.#accepted);
    this.#written = this.#accepted + 1;
    const item: Item = { kind: 'end', bytes: 1 };
    this.#tap?.wrote(item);
    this.#append(item);
    this.#accept(1);
    this.#ended = true;
  }

  /**
   * Everything on the way is lost, and the reader is told unless that is lost as well. What its kernel has got can
   * still be read.
   */
  reset(): void {
    this.#ended = true;
    this.#arrived = Math.min(this.#arrived, this.#read + RECEIVE_BUFFER_BYTES);
    this.#dropBeyond(this.#arrived);
    this.#written = this.#accepted;
    if (this.#resetSent) return;
    this.#resetSent = true;
    this.#tap?.reset();
    this.#time.after(this.#lane.drawDelayUs(), () => this.#resetArrives());
  }

  /** As a dead writer's host answers what still comes; an end that is on its way says enough. */
  answerWithReset(): void {
    if (this.#arrived >= this.#accepted || this.#items.length === 0) this.reset();
  }

  /** The reader takes no more. */
  abandon(): void {
    this.#wanted = false;
    this.#time.disarm(this.#slice);
  }

  setReading(reading: boolean, bytesPerSec: number | undefined): void {
    this.#reading = reading;
    this.#readBytesPerSec = bytesPerSec;
    this.#allowance = 0;
    this.#allowanceAtUs = this.#time.nowUs();
    if (reading && this.#wanted) this.#time.arm(this.#slice, 0);
  }

  released(): void {
    if (this.#resetHeld) this.#breakOff();
    else this.#arrive(this.#heldBack);
  }

  #append(item: Item): void {
    this.#items.push(item);
    this.#ends.push(this.#written);
  }

  #resetArrives(): void {
    if (this.#lane.flows) {
      this.#breakOff();
    } else if (this.#lane.losesResets) {
      this.#resetSent = false;
    } else {
      this.#resetHeld = true;
      this.#lane.waitForHeal(this);
    }
  }

  #breakOff(): void {
    this.#broken = true;
    this.#reader.resetArrived();
    if (this.#wanted) this.#readOn();
  }

  #accept(roomBytes: number): void {
    const bytes = Math.min(roomBytes, this.#written - this.#accepted);
    if (bytes > 0) this.#accepted += bytes;
    if (this.#accepted < this.#written) {
      this.#full = true;
    } else if (this.#full) {
      this.#full = false;
      this.#time.after(0, () => this.#writer.drained());
    }
    if (!this.#departing) this.#depart();
  }

  /** Puts the next segment on the lane; with limited bandwidth one by one, so that a change of it is soon felt. */
  #depart(): void {
    const waiting = this.#accepted - this.#departed;
    if (waiting <= 0) return;
    const { bytesPerSec } = this.#lane;
    const segment =
      bytesPerSec === undefined ? waiting : Math.max(SEGMENT_BYTES_MIN, Math.ceil(bytesPerSec / 20));
    const bytes = Math.min(waiting, segment);
    this.#departed += bytes;
    const end = this.#departed;
    const nowUs = this.#time.nowUs();
    const departureUs = this.#lane.occupy(bytes, nowUs);
    this.#lastArrivalUs = Math.max(this.#lastArrivalUs, departureUs + this.#lane.drawDelayUs());
    this.#time.at(this.#lastArrivalUs, this.#onArrival, end);
    if (departureUs === nowUs) return;
    this.#departing = true;
    this.#time.at(departureUs, () => {
      this.#departing = false;
      this.#depart();
    });
  }

  #arrive(end: number): void {
    if (this.#resetSent) return;
    if (!this.#lane.flows) {
      this.#heldBack = Math.max(this.#heldBack, end);
      this.#lane.waitForHeal(this);
      return;
    }
    this.#arrived = Math.max(this.#arrived, end);
    if (this.#wanted) this.#readOn();
    else if (!this.#ended) this.#reader.unwanted();
  }

  #readOn(): void {
    const upTo = Math.min(this.#arrived, this.#read + this.#allowedBytes());
    const before = this.#read;
    for (;;) {
      if (!this.#reading || !this.#wanted) break;
      const item = this.#items[this.#nextItem];
      const end = this.#ends[this.#nextItem];
      if (item === undefined || end === undefined || end > upTo) {
        this.#read = Math.max(this.#read, upTo);
        break;
      }
      this.#read = end;
      this.#dropRead();
      this.#tap?.read(item);
      this.#reader.take(item);
    }
    this.#allowance -= this.#read - before;
    if (!this.#wanted) return;
    if (this.#broken && this.#reading && this.#nextItem === this.#items.length) {
      this.#reader.brokeOff();
      return;
    }
    if (this.#reading && this.#read < this.#arrived) this.#time.arm(this.#slice, SLICE_MS);
    if (!this.#ended) this.#accept(this.#kernelBytes - (this.#accepted - this.#read));
  }

  #allowedBytes(): number {
    if (this.#readBytesPerSec === undefined) return Number.POSITIVE_INFINITY;
    const nowUs = this.#time.nowUs();
    const earned = (this.#readBytesPerSec * (nowUs - this.#allowanceAtUs)) / 1_000_000;
    const saved = Math.max(1, (this.#readBytesPerSec * SLICE_MS * SLICES_SAVED_MAX) / 1000);
    this.#allowance = Math.min(saved, this.#allowance + earned);
    this.#allowanceAtUs = nowUs;
    return Math.floor(this.#allowance);
  }

  /** What ends behind this mark is lost. */
  #dropBeyond(mark: number): void {
    while (this.#items.length > this.#nextItem && (this.#ends.at(-1) ?? 0) > mark) {
      this.#items.pop();
      this.#ends.pop();
    }
  }

  /** Frees what has been read, in steps large enough to cost little. */
  #dropRead(): void {
    if (this.#items.length === 1) {
      this.#items.pop();
      this.#ends.pop();
      return;
    }
    this.#nextItem++;
    if (this.#nextItem < this.#items.length && this.#nextItem < READ_ITEMS_MAX) return;
    this.#items.splice(0, this.#nextItem);
    this.#ends.splice(0, this.#nextItem);
    this.#nextItem = 0;
  }
}
