import type { Socket } from 'node:net';
import { LinkState, type SharedText } from '../../protocol/ports.ts';
import { QueuedFrame, writeFrames } from './text-frame.ts';

/**
 * What has been queued for one socket in this turn of the event loop.
 *
 * A process-wide list of those with something queued is worked off in the check phase (`setImmediate`), after all
 * sockets that were readable in this turn have been served. All that one turn has to say to a peer so leaves with one
 * system call, and the busier the process, the more a turn holds: writing gets cheaper exactly when it must.
 */
const TURN_BYTES_MAX = 65_536;
/** Sockets written to in a row. */
const FLUSHED_MAX = 512;
const NOTHING = new Uint8Array(0);

const waiting: Outgoing[] = [];

/** Of a crowd, some: what is readable has its turn in between, here and at the peers that get a crowd's answers. */
function flushSome(): void {
  const outgoings = waiting.splice(0, FLUSHED_MAX);
  if (waiting.length > 0) setImmediate(flushSome);
  for (const outgoing of outgoings) outgoing.flush();
}

/** Who writes: asked at the end of the turn, told when the socket has caught up. */
interface Owner {
  readonly state: LinkState;
  /** With true, frames queued in one turn leave as one JSON array. */
  readonly batch: boolean;
  writable(): void;
}

export class Outgoing {
  readonly #owner: Owner;
  readonly #socket: Socket;
  readonly #masked: boolean;
  #first: QueuedFrame | undefined = undefined;
  #last: QueuedFrame | undefined = undefined;
  #count = 0;
  #queuedBytes = 0;
  #listed = false;
  #blocked = false;

  /** @param masked - true at a client's end */
  constructor(owner: Owner, socket: Socket, masked: boolean) {
    this.#owner = owner;
    this.#socket = socket;
    this.#masked = masked;
  }

  get bufferedBytes(): number {
    return this.#queuedBytes + this.#socket.writableLength;
  }

  /** Queues `head + tail.text` for the end of the turn, or for now when the turn has much to say already. */
  add(head: string, tail: SharedText | undefined): void {
    const frame = new QueuedFrame(head, tail);
    if (this.#last && this.#queuedBytes + frame.bytes > TURN_BYTES_MAX) this.flush();
    if (this.#last) this.#last.next = frame;
    else this.#first = frame;
    this.#last = frame;
    this.#count++;
    this.#queuedBytes += frame.bytes;
    if (this.#listed) return;
    this.#listed = true;
    if (waiting.push(this) === 1) setImmediate(flushSome);
  }

  flush(): void {
    this.#listed = false;
    if (!this.#first) return;
    const list = {
      first: this.#first,
      count: this.#count,
      bytes: this.#queuedBytes,
      asArray: this.#owner.batch && this.#count > 1,
      masked: this.#masked,
    };
    this.discard();
    if (this.#owner.state !== LinkState.open || !this.#socket.writable) return;
    writeFrames(this.#socket, list);
    if (this.#socket.writableLength > 0 && !this.#blocked) this.#awaitDrain();
  }

  /** Forgets what is queued. */
  discard(): void {
    this.#first = undefined;
    this.#last = undefined;
    this.#count = 0;
    this.#queuedBytes = 0;
  }

  /**
   * The stream's own 'drain' comes only after its high-water mark was passed, but a single frame that the kernel
   * refuses is waited for as well. The callback of an empty write behind it tells when it has left.
   */
  #awaitDrain(): void {
    this.#blocked = true;
    this.#socket.write(NOTHING, (error) => {
      this.#blocked = false;
      if (error) return;
      if (this.#socket.writableLength > 0) this.#awaitDrain();
      else this.#owner.writable();
    });
  }
}
