import type { OnReadOpts, Socket } from 'node:net';
import { CloseCode } from '../../protocol/frame.ts';
import {
  type Accept,
  CLOSE_TIMEOUT_MS,
  type ClientLink,
  type LinkEvents,
  LinkState,
  type SharedText,
} from '../../protocol/ports.ts';
import { type HandshakeTerms, OpeningHandshake } from './client-handshake.ts';
import { describeFailure, fittingReason } from './closing.ts';
import { closeFrame, controlFrame, Opcode } from './control-frame.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import { Outgoing } from './outgoing.ts';
import { LUMP, Reading } from './reading.ts';

const NO_CODE = 1005;
const NOTHING = new Uint8Array(0);

/** Where a link is dialled to, and how. */
export interface Dialling {
  readonly terms: HandshakeTerms;
  readonly secure: boolean;
  readonly timeoutMs: number;
  /** Starts to connect; what is read goes to `onread`. */
  connect(onread: OnReadOpts): Socket;
}

/**
 * Either end of a WebSocket, on a bare socket: thousands of these live in one process, and `ws` would cost each of them
 * more than everything else it does.
 */
export class SocketLink implements ClientLink, FrameSink {
  batch = false;
  answerPings = true;
  readonly #socket: Socket;
  readonly #isClient: boolean;
  readonly #outgoing: Outgoing;
  readonly #reading: Reading;
  #events: LinkEvents | undefined = undefined;
  #state: LinkState = LinkState.connecting;
  #secure = false;
  #opening: OpeningHandshake | undefined = undefined;
  /** Ends a handshake, opening or closing, that takes too long. */
  #deadline: NodeJS.Timeout | undefined = undefined;
  #killed = false;
  #closeCode: number = CloseCode.abnormal;
  #closeReason = '';

  /** The client's end of a WebSocket that is to be opened. */
  static dial({ terms, secure, timeoutMs, connect }: Dialling, events: LinkEvents): ClientLink {
    const link = new SocketLink(connect, true);
    link.#events = events;
    link.#secure = secure;
    link.#opening = new OpeningHandshake(terms);
    link.#deadline = setTimeout(() => link.#abandon('Opening handshake has timed out'), timeoutMs);
    link.#socket.on(secure ? 'secureConnect' : 'connect', () => link.#connected());
    return link;
  }

  /**
   * The server's end of a WebSocket, after its opening handshake.
   *
   * @param beforeRead - called before anything that was read is handed over
   */
  static accept(socket: Socket, accept: Accept, beforeRead: (() => void) | undefined): void {
    const link = new SocketLink(() => socket, false);
    // A client that has said its last word will not hear ours either.
    socket.allowHalfOpen = false;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      beforeRead?.();
      link.#reading.arrived(chunk, 0, chunk.length);
    });
    link.#state = LinkState.open;
    link.#reading.start();
    link.#events = accept(link);
  }

  private constructor(connect: Dialling['connect'], isClient: boolean) {
    this.#isClient = isClient;
    this.#socket = connect({ buffer: LUMP, callback: (bytes) => this.#arrived(bytes) });
    this.#outgoing = new Outgoing(this, this.#socket, isClient);
    this.#reading = new Reading(this.#socket, new FrameReader(this, !isClient));
    this.#socket.on('error', (error) => this.#blame(describeFailure(error)));
    this.#socket.on('close', () => this.#closed());
  }

  get state(): LinkState {
    return this.#state === LinkState.open && !this.#socket.writable ? LinkState.closing : this.#state;
  }

  get bufferedBytes(): number {
    return this.#outgoing.bufferedBytes;
  }

  send(text: string): void {
    if (this.state === LinkState.open) this.#outgoing.add(text, undefined);
  }

  sendShared(head: string, tail: SharedText): void {
    if (this.state === LinkState.open) this.#outgoing.add(head, tail);
  }

  ping(): void {
    if (this.state === LinkState.open) this.#socket.write(controlFrame(Opcode.ping, NOTHING, this.#isClient));
  }

  close(code: number, reason: string): void {
    this.#outgoing.flush();
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
    // A TLS socket has no RST of its own to give; a connection that is not open yet has nobody to give it to.
    if (this.#secure || this.#state === LinkState.connecting || this.#socket.destroyed) {
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

  fail(error: unknown): void {
    throw error;
  }

  writable(): void {
    if (this.state === LinkState.open) this.#events?.onWritable();
  }

  received(text: string): void {
    if (!this.#killed) this.#events?.onText(text);
  }

  pinged(data: Buffer): void {
    if (this.answerPings && this.state === LinkState.open)
      this.#socket.write(controlFrame(Opcode.pong, data, this.#isClient));
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
    this.#socket.setNoDelay(true);
    this.#socket.write(this.#opening.request, 'latin1');
  }

  /** Takes what was read into `LUMP`; false when nothing more may be read for now. */
  #arrived(bytes: number): boolean {
    if (this.#opening === undefined) return this.#reading.arrived(LUMP, 0, bytes);
    const opened = this.#opening.read(LUMP, bytes);
    if (opened === undefined) return true;
    if ('refusal' in opened) {
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
    this.#state = LinkState.closing;
    this.#socket.write(closeFrame(code, reason, this.#isClient));
    this.#deadline = setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS);
  }

  /** Nothing is to come from either end any more, but for the end of both streams. */
  #finishClosing(): void {
    this.#reading.end();
    this.#socket.end();
  }

  /** What was queued still leaves; nothing that arrives from now on is handed over, as if the process had died. */
  #kill(): void {
    this.#outgoing.flush();
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
