import type { Socket } from 'node:net';
import { CloseCode } from '../../protocol/frame.ts';
import { type Link, type LinkEvents, LinkState, type SharedText } from '../../protocol/ports.ts';
import type { LinkWebSocket, WebSocketOwner } from './link-web-socket.ts';
import { Outgoing } from './outgoing.ts';

/** A link whose peer does not answer the closing handshake is dropped after this time. */
export const CLOSE_TIMEOUT_MS = 3000;
const REASON_BYTES_MAX = 123;

/**
 * A WebSocket of which `ws` does the handshake, control frames and receiving, while data frames are written to the
 * socket here: a broadcast then costs a copy and a system call for each peer, and no encoding.
 */
export class SocketLink implements Link, WebSocketOwner {
  batch = false;
  protected readonly ws: LinkWebSocket;
  protected readonly socket: Socket;
  readonly #outgoing: Outgoing;
  #events: LinkEvents | undefined = undefined;
  #killed = false;
  #failure = '';

  /** @param masked - true at a client's end */
  constructor(ws: LinkWebSocket, socket: Socket, masked: boolean) {
    this.ws = ws;
    this.socket = socket;
    this.#outgoing = new Outgoing(this, socket, masked);
    ws.attach(this);
  }

  attach(events: LinkEvents): void {
    this.#events = events;
  }

  get state(): LinkState {
    const state = this.ws.readyState;
    return state === LinkState.open && this.socket.destroyed ? LinkState.closing : state;
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
    if (this.state === LinkState.open) this.ws.ping();
  }

  close(code: number, reason: string): void {
    this.#outgoing.flush();
    this.ws.close(code, fittingReason(reason));
  }

  terminate(): void {
    this.kill();
    this.ws.terminate();
  }

  opened(): void {
    this.#events?.onOpen();
  }

  received(text: string): void {
    if (!this.#killed) this.#events?.onText(text);
  }

  pinged(_data: Buffer): void {}

  ponged(): void {
    if (!this.#killed) this.#events?.onPong();
  }

  writable(): void {
    if (this.state === LinkState.open) this.#events?.onWritable();
  }

  failed(error: Error): void {
    this.#failure ||= describe(error);
  }

  closed(code: number, reason: string): void {
    const events = this.#events;
    this.#events = undefined;
    this.#outgoing.discard();
    if (this.ws.refusedFrame) events?.onClose(CloseCode.tooLarge, 'frame too large');
    else events?.onClose(code, reason || this.#failure);
  }

  /** What was queued still leaves; nothing that arrives from now on is handed over, as if the process had died. */
  protected kill(): void {
    this.#outgoing.flush();
    this.#killed = true;
  }
}

export function fittingReason(reason: string): string {
  let fitting = reason.slice(0, REASON_BYTES_MAX);
  while (Buffer.byteLength(fitting) > REASON_BYTES_MAX) fitting = fitting.slice(0, -1);
  return fitting;
}

/** The system's error code first: it is what people search for. */
function describe(error: Error): string {
  const cause = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  if (code === '' || code.startsWith('WS_')) return cause.message;
  return `${code} ${cause.message.replace(`${code} `, '')}`;
}
