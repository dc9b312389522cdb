import type { OnReadOpts, Socket } from 'node:net';
import { CloseCode } from '../../protocol/frame.ts';
import {
  BUFFER_BYTES_MAX,
  CLOSE_TIMEOUT_MS,
  type ClientLink,
  type LinkEvents,
  LinkState,
  type SharedText,
  tellBytes,
} from '../../protocol/ports.ts';
import { type HandshakeTerms, OpeningHandshake } from './client-handshake.ts';
import { describeFailure, fittingReason } from './closing.ts';
import { closeFrame } from './control-frame.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import { maskTowards } from './masking.ts';
import { Outgoing, type OutgoingOwner } from './outgoing.ts';
import { LUMP, Reading } from './reading.ts';

const NO_CODE = 1005;

/** Where a link is dialled to, and how. */
export interface Dialling {
  readonly terms: HandshakeTerms;
  readonly timeoutMs: number;
  /** Starts to connect; what is read goes to `onread`. */
  connect(onread: OnReadOpts): Socket;
}

/**
 * A client's end of a WebSocket on a bare socket, for plain `ws://` text: thousands of these live in one process, and
 * `ws` would cost each of them more than everything else it does.
 */
export class SocketLink implements ClientLink, FrameSink, OutgoingOwner {
  batch = false;
  bufferBytesMax = BUFFER_BYTES_MAX;
  answerPings = true;
  readonly #socket: Socket;
  readonly #outgoing: Outgoing;
  readonly #reading: Reading;
  #events: LinkEvents | undefined;
  #state: LinkState = LinkState.connecting;
  #opening: OpeningHandshake | undefined;
  /** Ends a handshake, opening or closing, that takes too long. */
  #deadline: NodeJS.Timeout | undefined;
  #killed = false;
  #closeCode: number = CloseCode.abnormal;
  #closeReason = '';

  static dial(dialling: Dialling, events: LinkEvents): ClientLink {
    return new SocketLink(dialling, events);
  }

  private constructor({ terms, timeoutMs, connect }: Dialling, events: LinkEvents) {
    this.#events = events;
    this.#opening = new OpeningHandshake(terms);
    this.#deadline = setTimeout(() => this.#abandon('Opening handshake has timed out'), timeoutMs);
    this.#socket = connect({ buffer: LUMP, callback: (bytes) => this.#arrived(bytes) });
    this.#outgoing = new Outgoing(this, this.#socket, undefined);
    this.#reading = new Reading(this.#socket, new FrameReader(this));
    this.#socket.on('connect', () => this.#connected());
    this.#socket.on('error', (error) => this.#blame(describeFailure(error)));
    this.#socket.on('close', () => this.#closed());
  }

  get state(): LinkState {
    return this.#state === LinkState.open && !this.#socket.writable ? LinkState.closing : this.#state;
  }

  get bufferedBytes(): number {
    return this.#outgoing.bufferedBytes;
  }

  get sentBytes(): number {
    return this.#outgoing.sentBytes;
  }

  get receivedBytes(): number {
    return this.#socket.bytesRead;
  }

  send(text: string): void {
    if (this.state === LinkState.open) this.#outgoing.add(text, undefined);
  }

  sendBytes(bytes: Uint8Array): void {
    if (this.state === LinkState.open) this.#outgoing.add('', bytes);
  }

  sendShared(head: string, tail: SharedText): void {
    if (this.state === LinkState.open) this.#outgoing.add(head, tail);
  }

  ping(): number {
    return this.state === LinkState.open ? this.#outgoing.ping() : this.#outgoing.sentBytes;
  }

  close(code: number, reason: string): void {
    if (this.#state === LinkState.connecting) this.terminate();
    else this.#startClosing(code, fittingReason(reason));
  }

  terminate(): void {
    this.#kill();
    this.#abandon(this.#state === LinkState.connecting ? 'Closed before the connection was established' : '');
  }

  drop(): void {
    this.terminate();
  }

  reset(): void {
    // A connection that is not open yet has nobody to reset it for.
    if (this.#state === LinkState.connecting || this.#socket.destroyed) {
      this.terminate();
      return;
    }
    this.#kill();
    this.#socket.resetAndDestroy();
  }

  pauseReading(): void {
    this.#reading.pause();
  }

  resumeReading(): void {
    this.#reading.resume();
  }

  limitReading(bytesPerSec: number | undefined): void {
    this.#reading.limit(bytesPerSec);
  }

  writable(): void {
    if (this.state === LinkState.open) this.#events?.onWritable();
  }

  overrun(): void {
    this.#outgoing.discard();
    this.#closeCode = CloseCode.slowConsumer;
    this.#blame('the peer does not read');
    this.#startClosing(CloseCode.slowConsumer, 'slow consumer');
  }

  fail(error: unknown): void {
    throw error;
  }

  received(text: string): void {
    if (!this.#killed) this.#events?.onText(text);
  }

  receivedBinary(bytes: Uint8Array): void {
    if (!this.#killed && this.#events !== undefined) tellBytes(this.#events, bytes);
  }

  pinged(data: Buffer): void {
    if (this.answerPings && this.state === LinkState.open) this.#outgoing.pong(data);
  }

  ponged(): void {
    if (!this.#killed) this.#events?.onPong();
  }

  closing(code: number, reason: string): void {
    if (this.#killed) return;
    this.#closeCode = code;
    this.#closeReason = reason;
    this.#startClosing(code === NO_CODE ? undefined : code, reason);
    this.#finishClosing();
  }

  refused(code: number, reason: string): void {
    if (this.#killed) return;
    if (code === CloseCode.tooLarge) this.#closeCode = code;
    this.#blame(code === CloseCode.tooLarge ? reason : `Invalid WebSocket frame: ${reason}`);
    this.#startClosing(code, reason);
    this.#finishClosing();
  }

  #connected(): void {
    if (this.#opening === undefined) return;
    this.#outgoing.newMask = maskTowards(this.#socket.remoteAddress);
    this.#socket.setNoDelay(true);
    this.#socket.write(this.#opening.request, 'latin1');
  }

  /** Takes what was read into `LUMP`; false when nothing more may be read for now. */
  #arrived(bytes: number): boolean {
    if (this.#opening === undefined) return this.#reading.arrived(LUMP, 0, bytes);
    const opened = this.#opening.read(LUMP, bytes);
    if (opened === undefined) return true;
    if ('refusal' in opened) {
      if (opened.status !== undefined) this.#events?.onRefused?.(opened.status);
      this.#abandon(opened.refusal);
      return false;
    }
    this.#opened();
    return opened.framesAt === bytes || this.#reading.arrived(LUMP, opened.framesAt, bytes);
  }

  #opened(): void {
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
    this.#opening = undefined;
    this.#state = LinkState.open;
    this.#reading.start();
    this.#events?.onOpen();
  }

  /** Does nothing unless the link is open. */
  #startClosing(code: number | undefined, reason: string): void {
    if (this.state !== LinkState.open) return;
    this.#outgoing.flushAll();
    this.#state = LinkState.closing;
    this.#socket.write(closeFrame(code, reason, this.#outgoing.newMask));
    this.#deadline = setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS);
  }

  /** Nothing is to come from either end any more, but for the end of both streams. */
  #finishClosing(): void {
    this.#reading.end();
    this.#socket.end();
  }

  /** What was queued still leaves; nothing that arrives from now on is handed over, as if the process had died. */
  #kill(): void {
    this.#outgoing.flushAll();
    this.#killed = true;
  }

  #abandon(reason: string): void {
    if (this.#state === LinkState.closed) return;
    this.#blame(reason);
    this.#state = LinkState.closing;
    this.#socket.destroy();
  }

  /** The first failure is what ended the link; others follow from it. */
  #blame(reason: string): void {
    this.#closeReason ||= reason;
  }

  #closed(): void {
    this.#reading.finish();
    clearTimeout(this.#deadline);
    this.#outgoing.discard();
    this.#state = LinkState.closed;
    if (this.#opening !== undefined)
      this.#blame('The server closed the connection before it was established');
    const events = this.#events;
    this.#events = undefined;
    events?.onClose(this.#closeCode, this.#closeReason);
  }
}
