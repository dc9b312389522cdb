import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { CloseCode, FRAME_BYTES_MAX } from '../../protocol/frame.ts';
import {
  BUFFER_BYTES_MAX,
  CLOSE_TIMEOUT_MS,
  type Link,
  type LinkEvents,
  LinkState,
  type SharedText,
  tellBytes,
} from '../../protocol/ports.ts';
import { describeFailure, fittingReason } from './closing.ts';
import type { NewMask } from './masking.ts';
import { Outgoing, type OutgoingOwner } from './outgoing.ts';

const MESSAGE_TOO_BIG = 1009;
/** The code of an error of `ws`: a frame over its `maxPayload`. */
const OVER_MAX_PAYLOAD = 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
const TOO_LARGE = 'frame too large';

/** Options of `ws` at either end. */
export const WS_OPTIONS = {
  perMessageDeflate: false,
  maxPayload: FRAME_BYTES_MAX,
  closeTimeout: CLOSE_TIMEOUT_MS,
  // The link answers pings itself, within its bound.
  autoPong: false,
  skipUTF8Validation: false,
  allowSynchronousEvents: true,
} as const;

export interface UpgradeRefusal {
  readonly status: number;
  readonly reason: string;
}

/** Takes accepted links, and holds what all of them share. */
export interface LinkTaker {
  /** @param request - with which the connection came, where that is known */
  readonly accept: (link: Link, request?: IncomingMessage) => LinkEvents;
  /** Asked before a handshake is answered. @returns the HTTP answer to give instead */
  readonly refusalOf?: (request: IncomingMessage) => UpgradeRefusal | undefined;
  /** Called before anything that was read is handed over: for what must not wait until a crowd has been heard. */
  readonly beforeRead?: (() => void) | undefined;
  /** The owner of a link threw, and the link was closed with 1011. */
  readonly onFailure: (error: Error) => void;
}

const LINK = Symbol('link');

interface LinkedWebSocket extends WebSocket {
  [LINK]?: WsLink;
}

/**
 * A link over a WebSocket of `ws`, which reads frames, closes and answers closes.
 *
 * Texts, pings and pongs are written to the socket of `ws` as whole frames, so that all frames of one turn leave with
 * one system call and everything written obeys the bounds of `Outgoing`. Nothing else may be sent through `ws`.
 */
export class WsLink implements Link, OutgoingOwner {
  batch = false;
  bufferBytesMax = BUFFER_BYTES_MAX;
  protected readonly ws: WebSocket;
  protected events: LinkEvents | undefined = undefined;
  protected outgoing: Outgoing | undefined = undefined;
  /** Nothing is handed over any more, as if the process had died. */
  protected killed = false;
  readonly #taker: LinkTaker | undefined;
  /** Why this end has given the connection up: nothing is handed over any more, and the peer's answer does not count. */
  #endedWith: number | undefined = undefined;
  #failure = '';
  #closeTimer: NodeJS.Timeout | undefined = undefined;

  /**
   * Takes a WebSocket that a server of `ws` has accepted.
   *
   * What its events lead to and throws costs this connection and is told to `taker.onFailure`.
   *
   * @throws {TypeError} when the WebSocket is not open
   */
  static accept(ws: WebSocket, taker: LinkTaker, request?: IncomingMessage): void {
    if (ws.readyState !== LinkState.open)
      throw new TypeError('Cannot take the WebSocket: it is not open, an open one is wanted');
    const link = new WsLink(ws, taker);
    link.attach(undefined);
    try {
      link.events = taker.accept(link, request);
    } catch (error) {
      link.fail(error);
    }
  }

  /** Whether a link has been made of it. */
  static has(ws: WebSocket): boolean {
    return (ws as LinkedWebSocket)[LINK] !== undefined;
  }

  /** @param taker - absent at a client's end, where an exception is a fault of this program and ends it */
  protected constructor(ws: WebSocket, taker: LinkTaker | undefined) {
    this.ws = ws;
    this.#taker = taker;
    (ws as LinkedWebSocket)[LINK] = this;
    ws.pong = answeredByLink;
    ws.close = closedByLink;
    ws.on('message', onMessage)
      .on('ping', onPing)
      .on('pong', onPong)
      .on('error', onError)
      .on('close', onClose);
  }

  get state(): LinkState {
    const state = this.ws.readyState;
    return state === LinkState.open && this.killed ? LinkState.closing : state;
  }

  get bufferedBytes(): number {
    return this.outgoing === undefined || this.ws.readyState === LinkState.closed
      ? 0
      : this.outgoing.bufferedBytes;
  }

  get sentBytes(): number {
    return this.outgoing?.sentBytes ?? 0;
  }

  get receivedBytes(): number {
    const { bytesRead = 0 } = this.outgoing === undefined ? {} : (this.socket as Partial<Socket>);
    return bytesRead;
  }

  send(text: string): void {
    if (this.state === LinkState.open) this.outgoing?.add(text, undefined);
  }

  sendShared(head: string, tail: SharedText): void {
    if (this.state === LinkState.open) this.outgoing?.add(head, tail);
  }

  ping(): number {
    return this.state === LinkState.open && this.outgoing !== undefined
      ? this.outgoing.ping()
      : this.sentBytes;
  }

  close(code: number, reason: string): void {
    this.ws.close(code, fittingReason(reason));
    this.#expectClose();
  }

  terminate(): void {
    this.outgoing?.flushAll();
    this.killed = true;
    this.ws.terminate();
  }

  pauseReading(): void {
    this.ws.pause();
  }

  resumeReading(): void {
    this.ws.resume();
  }

  writable(): void {
    if (this.state !== LinkState.open) return;
    try {
      this.events?.onWritable();
    } catch (error) {
      this.fail(error);
    }
  }

  overrun(): void {
    this.outgoing?.discard();
    this.#end(CloseCode.slowConsumer, 'slow consumer');
  }

  /** The one place where an exception of a connection ends. */
  fail(error: unknown): void {
    if (this.#taker === undefined) throw error;
    this.outgoing?.discard();
    this.#end(CloseCode.internalError, 'internal error');
    this.#taker.onFailure(error instanceof Error ? error : new Error(String(error)));
  }

  /** `ws` is about to write its close frame, ours or its answer to the peer's. */
  beforeClose(): void {
    this.outgoing?.flushAll();
  }

  onMessage(data: RawData, isBinary: boolean): void {
    if (this.killed || this.#endedWith !== undefined) return;
    this.#taker?.beforeRead?.();
    if (bytesOf(data) > FRAME_BYTES_MAX) this.#end(CloseCode.tooLarge, TOO_LARGE);
    else this.received(isBinary ? (data as Buffer) : data.toString());
  }

  onPing(data: Buffer): void {
    if (this.answersPings && this.state === LinkState.open) this.outgoing?.pong(data);
  }

  onPong(): void {
    if (!this.killed && this.#endedWith === undefined) this.events?.onPong();
  }

  onError(error: Error): void {
    if ('code' in error && error.code === OVER_MAX_PAYLOAD) this.#endedWith ??= CloseCode.tooLarge;
    this.#failure ||= this.#endedWith === undefined ? describeFailure(error) : TOO_LARGE;
    this.#expectClose();
  }

  onClose(code: number, reason: string): void {
    clearTimeout(this.#closeTimer);
    this.outgoing?.discard();
    const events = this.events;
    this.events = undefined;
    if (this.#endedWith !== undefined) events?.onClose(this.#endedWith, this.#failure);
    else if (this.killed) events?.onClose(CloseCode.abnormal, this.#failure);
    else events?.onClose(code, reason || this.#failure);
  }

  protected get answersPings(): boolean {
    return true;
  }

  protected received(message: string | Buffer): void {
    const { events } = this;
    if (typeof message === 'string') events?.onText(message);
    else if (events !== undefined) tellBytes(events, message);
  }

  /** The WebSocket is open: its socket can be written to. */
  protected attach(newMask: NewMask | undefined): void {
    this.outgoing = new Outgoing(this, this.socket, newMask);
  }

  protected get socket(): Duplex {
    const { _socket: socket } = this.ws as WebSocket & { readonly _socket?: Duplex };
    if (socket) return socket;
    throw new TypeError('Cannot take the WebSocket: it has no socket, one of ws 8 is wanted');
  }

  /** Gives up a connection that is not open yet. */
  protected abandon(reason: string): void {
    this.#failure ||= reason;
    this.ws.terminate();
  }

  #end(code: number, reason: string): void {
    this.#endedWith = code;
    this.#failure ||= reason;
    this.close(code, reason);
  }

  /** `ws` waits for 30 s where its options say nothing else. */
  #expectClose(): void {
    this.#closeTimer ??= setTimeout(() => this.ws.terminate(), CLOSE_TIMEOUT_MS);
  }
}

/** Takes the place of a method by which `ws` answers pings without any bound. */
function answeredByLink(
  _data?: unknown,
  mask?: boolean | ((error: Error) => void),
  done?: (error: Error) => void,
): void {
  const callback = (typeof mask === 'function' ? mask : done) as (() => void) | undefined;
  callback?.();
}

/**
 * Takes the place of the method by which a connection is closed, and by which `ws` closes it. `ws` gives a reason when
 * it answers a close frame, and none when the peer broke the rules; a frame over `maxPayload` has a code of its own.
 */
function closedByLink(this: LinkedWebSocket, code?: number, reason?: string | Buffer): void {
  this[LINK]?.beforeClose();
  const isTooBig = code === MESSAGE_TOO_BIG && reason === undefined;
  const { close } = Object.getPrototypeOf(this) as WebSocket;
  if (isTooBig) close.call(this, CloseCode.tooLarge, TOO_LARGE);
  else close.call(this, code, reason);
}

function bytesOf(data: RawData): number {
  return Array.isArray(data) ? data.reduce((sum, part) => sum + part.length, 0) : data.byteLength;
}

/** Functions that all WebSockets share; each finds its link by itself. */
const onMessage = guarded((link, data: RawData, isBinary: boolean) => link.onMessage(data, isBinary));
const onPing = guarded((link, data: Buffer) => link.onPing(data));
const onPong = guarded((link) => link.onPong());
const onError = guarded((link, error: Error) => link.onError(error));
const onClose = guarded((link, code: number, reason: Buffer) => link.onClose(code, reason.toString()));

function guarded<A, B>(
  handle: (link: WsLink, first: A, second: B) => void,
): (this: WebSocket, first: A, second: B) => void {
  return function (this: LinkedWebSocket, first, second) {
    const link = this[LINK];
    if (link === undefined) return;
    try {
      handle(link, first, second);
    } catch (error) {
      link.fail(error);
    }
  };
}
