import type { RawData, WebSocket } from 'ws';
import { CloseCode, FRAME_BYTES_MAX } from '../../protocol/frame.ts';
import {
  type Accept,
  CLOSE_TIMEOUT_MS,
  type Link,
  type LinkEvents,
  LinkState,
  type SharedText,
} from '../../protocol/ports.ts';
import { fittingReason } from './closing.ts';

/** A batch leaves when it has grown to this, lest it outgrow the largest frame. */
const BATCH_LENGTH_MAX = 65_536;
const MESSAGE_TOO_BIG = 1009;

/**
 * A link over a WebSocket of `ws` that somebody else has accepted, with whatever options.
 *
 * It costs more for each frame than a `SocketLink`, which writes to the socket itself, and needs nothing but the
 * public interface of `ws`.
 */
export class WsLink implements Link {
  batch = false;
  readonly #ws: WebSocket;
  #events: LinkEvents | undefined = undefined;
  #queue: string[] = [];
  #queuedLength = 0;
  #flushPlanned = false;
  /** `ws` held bytes back when something was sent. */
  #congested = false;
  #killed = false;
  #tooLarge = false;
  #closeTimer: NodeJS.Timeout | undefined = undefined;
  readonly #sent = (): void => this.#onSent();

  /** @throws {TypeError} when the socket is not open any more */
  static accept(ws: WebSocket, accept: Accept): void {
    if (ws.readyState !== LinkState.open)
      throw new TypeError('Cannot take the WebSocket: it is not open, an open one is wanted');
    const link = new WsLink(ws);
    link.#events = accept(link);
  }

  private constructor(ws: WebSocket) {
    this.#ws = ws;
    ws.on('message', (data: RawData, isBinary: boolean) => this.#onMessage(data, isBinary));
    ws.on('pong', () => {
      if (!this.#killed) this.#events?.onPong();
    });
    ws.on('error', (error: Error) => {
      // The code of a frame over the `maxPayload` of its server.
      this.#tooLarge ||= 'code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
    });
    ws.on('close', (code: number, reason: Buffer) => this.#onClose(code, reason.toString()));
  }

  get state(): LinkState {
    return this.#killed && this.#ws.readyState === LinkState.open ? LinkState.closing : this.#ws.readyState;
  }

  get bufferedBytes(): number {
    return this.#queuedLength + this.#ws.bufferedAmount;
  }

  send(text: string): void {
    if (this.state !== LinkState.open) return;
    this.#queue.push(text);
    this.#queuedLength += text.length;
    if (this.#queuedLength > BATCH_LENGTH_MAX) this.#flush();
    else if (!this.#flushPlanned) {
      this.#flushPlanned = true;
      setImmediate(() => this.#flush());
    }
  }

  sendShared(head: string, tail: SharedText): void {
    this.send(head + tail.text);
  }

  ping(): void {
    if (this.state === LinkState.open) this.#ws.ping();
  }

  close(code: number, reason: string): void {
    this.#flush();
    this.#ws.close(code, fittingReason(reason));
    this.#closeTimer ??= setTimeout(() => this.#ws.terminate(), CLOSE_TIMEOUT_MS).unref();
  }

  terminate(): void {
    this.#flush();
    this.#killed = true;
    this.#ws.terminate();
  }

  pauseReading(): void {
    this.#ws.pause();
  }

  resumeReading(): void {
    this.#ws.resume();
  }

  fail(error: unknown): void {
    throw error;
  }

  #flush(): void {
    this.#flushPlanned = false;
    const frames = this.#queue;
    if (frames.length === 0) return;
    this.#queue = [];
    this.#queuedLength = 0;
    if (this.#ws.readyState !== LinkState.open) return;
    if (this.batch && frames.length > 1) this.#ws.send(`[${frames.join()}]`, this.#sent);
    else for (const frame of frames) this.#ws.send(frame, this.#sent);
    this.#congested ||= this.#ws.bufferedAmount > 0;
  }

  #onSent(): void {
    if (!this.#congested || this.#ws.bufferedAmount > 0) return;
    this.#congested = false;
    if (this.state === LinkState.open) this.#events?.onWritable();
  }

  /** A binary frame is no frame of the protocol; the empty text is malformed, so it is counted as such. */
  #onMessage(data: RawData, isBinary: boolean): void {
    if (this.#killed) return;
    const text = isBinary || !Buffer.isBuffer(data) ? '' : data.toString();
    if (text.length <= FRAME_BYTES_MAX) this.#events?.onText(text);
    else {
      this.#tooLarge = true;
      this.close(CloseCode.tooLarge, 'frame too large');
    }
  }

  #onClose(code: number, reason: string): void {
    clearTimeout(this.#closeTimer);
    const events = this.#events;
    this.#events = undefined;
    this.#queue = [];
    this.#queuedLength = 0;
    if (this.#tooLarge && (code === MESSAGE_TOO_BIG || code === CloseCode.abnormal)) {
      events?.onClose(CloseCode.tooLarge, 'frame too large');
    } else events?.onClose(code, reason);
  }
}
