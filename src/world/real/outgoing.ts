import type { Duplex } from 'node:stream';
import { LinkState, OVERRUN_BYTES_MAX, type SharedText } from '../../protocol/ports.ts';
import { TURN_BYTES_MAX } from '../link-pace.ts';
import { controlFrame, Opcode } from './control-frame.ts';
import type { NewMask } from './masking.ts';
import { QueuedFrame, writeFrames } from './text-frame.ts';

/**
 * Everything that is written to one socket, and the bounds on it.
 *
 * A process-wide list of sockets with queued frames is worked off in the check phase (`setImmediate`), after all
 * sockets that were readable in this turn have been served. All frames of one turn so leave with one system call, and
 * the busier the process, the more a turn holds: writing gets cheaper exactly when it must.
 *
 * A socket that the kernel refuses bytes for is not written to until it has caught up. Frames wait in the queue, where
 * they pin no write buffer that other sockets share, and of pongs only the newest waits. More than
 * `bufferBytesMax + OVERRUN_BYTES_MAX` ends the link.
 */
/** Sockets written to in a row. */
const FLUSHED_MAX = 512;
/** Heap used by a queued frame besides its text. */
const QUEUED_FRAME_BYTES = 100;
const NOTHING = new Uint8Array(0);

const waiting: Outgoing[] = [];

/** Readable sockets have their turn between two lots, here and at the peers that get a crowd's answers. */
function flushSome(): void {
  const outgoings = waiting.splice(0, FLUSHED_MAX);
  if (waiting.length > 0) setImmediate(flushSome);
  for (const outgoing of outgoings) outgoing.endTurn();
}

/** Asked at the end of the turn, told when the socket has caught up or never will. */
export interface OutgoingOwner {
  readonly state: LinkState;
  /** With true, frames queued in one turn leave as one JSON array. */
  readonly batch: boolean;
  readonly bufferBytesMax: number;
  writable(): void;
  /** The peer does not read, and more was sent than may wait for it. */
  overrun(): void;
  /** Writing threw. */
  fail(error: unknown): void;
}

export class Outgoing {
  readonly #owner: OutgoingOwner;
  readonly #socket: Duplex;
  /** Of a client; absent at a server. */
  newMask: NewMask | undefined;
  #first: QueuedFrame | undefined = undefined;
  #last: QueuedFrame | undefined = undefined;
  #count = 0;
  #queuedBytes = 0;
  /** Of all frames added. */
  sentBytes = 0;
  #listed = false;
  #blocked = false;
  #pong: Buffer | undefined = undefined;

  constructor(owner: OutgoingOwner, socket: Duplex, newMask: NewMask | undefined) {
    this.#owner = owner;
    this.#socket = socket;
    this.newMask = newMask;
  }

  get bufferedBytes(): number {
    return this.#queuedBytes + this.#socket.writableLength;
  }

  /** Queues `head + tail.text`, or a binary message without a head, for the end of the turn, or for now when the turn has much to say already. */
  add(head: string, tail: SharedText | Uint8Array | undefined): void {
    const frame = new QueuedFrame(head, tail);
    if (this.#last && this.#queuedBytes + frame.bytes > TURN_BYTES_MAX) this.flush();
    if (this.#blocked && this.#isOverrunBy(frame)) {
      this.#owner.overrun();
      return;
    }
    if (this.#last) this.#last.next = frame;
    else this.#first = frame;
    this.#last = frame;
    this.#count++;
    this.#queuedBytes += frame.bytes;
    this.sentBytes += frame.bytes;
    if (this.#listed) return;
    this.#listed = true;
    if (waiting.push(this) === 1) setImmediate(flushSome);
  }

  /**
   * Sends nothing while the peer is over its limit: it could not answer in time.
   *
   * @returns how many of `sentBytes` left before it
   */
  ping(): number {
    if (this.bufferedBytes <= this.#owner.bufferBytesMax) this.#writeControl(Opcode.ping, NOTHING);
    return this.sentBytes - this.#queuedBytes;
  }

  /** @param data - good during the call */
  pong(data: Uint8Array): void {
    if (this.#blocked || this.#socket.writableLength > 0) this.#pong = Buffer.from(data);
    else this.#writeControl(Opcode.pong, data);
  }

  /** What can't be written costs its own link only. */
  endTurn(): void {
    this.#listed = false;
    try {
      this.flush();
    } catch (error) {
      this.#owner.fail(error);
    }
  }

  /** Writes what is queued, unless the socket has to catch up first. */
  flush(): void {
    if (!this.#first) return;
    if (this.#owner.state !== LinkState.open || !this.#socket.writable) {
      this.discard();
      return;
    }
    while (this.#first && !this.#blocked) this.#writePart(this.#first);
  }

  /** Writes what is queued even to a socket that has to catch up: nothing else is written but a close frame. */
  flushAll(): void {
    if (this.#owner.state !== LinkState.open || !this.#socket.writable) return;
    while (this.#first) this.#writePart(this.#first);
  }

  /** Forgets what is queued. */
  discard(): void {
    this.#pong = undefined;
    this.#first = undefined;
    this.#last = undefined;
    this.#count = 0;
    this.#queuedBytes = 0;
  }

  #isOverrunBy(frame: QueuedFrame): boolean {
    const heldBytes = this.bufferedBytes + frame.bytes + this.#count * QUEUED_FRAME_BYTES;
    return heldBytes > this.#owner.bufferBytesMax + OVERRUN_BYTES_MAX;
  }

  /** The first frame and those behind it, as many as fit into one write. */
  #writePart(first: QueuedFrame): void {
    let [last, count, bytes] = [this.#last ?? first, this.#count, this.#queuedBytes];
    if (bytes > TURN_BYTES_MAX) {
      [last, count, bytes] = [first, 1, first.bytes];
      for (let frame = first.next; frame && bytes + frame.bytes <= TURN_BYTES_MAX; frame = frame.next) {
        last = frame;
        count++;
        bytes += frame.bytes;
      }
    }
    this.#first = last.next;
    if (!this.#first) this.#last = undefined;
    last.next = undefined;
    this.#count -= count;
    this.#queuedBytes -= bytes;
    const asArray = this.#owner.batch && count > 1;
    writeFrames(this.#socket, { first, count, bytes, asArray, newMask: this.newMask });
    if (this.#socket.writableLength > 0) this.#awaitDrain();
  }

  #writeControl(opcode: number, payload: Uint8Array): void {
    if (!this.#socket.writable) return;
    this.#socket.write(controlFrame(opcode, payload, this.newMask));
    if (this.#socket.writableLength > 0) this.#awaitDrain();
  }

  /**
   * The stream's own 'drain' comes only after its high-water mark was passed, but a single frame that the kernel
   * refuses is waited for as well. The callback of an empty write behind it tells when it has left.
   */
  #awaitDrain(): void {
    if (this.#blocked) return;
    this.#blocked = true;
    this.#socket.write(NOTHING, (error) => {
      this.#blocked = false;
      if (!error) this.#caughtUp();
    });
  }

  #caughtUp(): void {
    const pong = this.#pong;
    this.#pong = undefined;
    if (pong && this.#owner.state === LinkState.open) this.#writeControl(Opcode.pong, pong);
    this.flush();
    if (this.#socket.writableLength > 0) this.#awaitDrain();
    else this.#owner.writable();
  }
}
