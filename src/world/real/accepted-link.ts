import type { Socket } from 'node:net';
import { CloseCode } from '../../protocol/frame.ts';
import { type Link, type LinkEvents, LinkState, type SharedText } from '../../protocol/ports.ts';
import { describeFailure, fittingReason } from './closing.ts';
import type { LinkWebSocket, WebSocketOwner } from './link-web-socket.ts';
import { Outgoing } from './outgoing.ts';

/**
 * A server's end: a WebSocket of which `ws` does the handshake, control frames and receiving, while data frames are
 * written to the socket here: a broadcast then costs a copy and a system call for each peer, and no encoding.
 */
export class AcceptedLink implements Link, WebSocketOwner {
  batch = false;
  readonly #ws: LinkWebSocket;
  readonly #socket: Socket;
  readonly #outgoing: Outgoing;
  #events: LinkEvents | undefined = undefined;
  #killed = false;
  #failure = '';

  constructor(ws: LinkWebSocket, socket: Socket) {
    this.#ws = ws;
    this.#socket = socket;
    this.#outgoing = new Outgoing(this, socket, false);
    ws.attach(this);
  }

  attach(events: LinkEvents): void {
    this.#events = events;
  }

  get state(): LinkState {
    const state = this.#ws.readyState;
    return state === LinkState.open && this.#socket.destroyed ? LinkState.closing : state;
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
    if (this.state === LinkState.open) this.#ws.ping();
  }

  close(code: number, reason: string): void {
    this.#outgoing.flush();
    this.#ws.close(code, fittingReason(reason));
  }

  /** What was queued still leaves; nothing that arrives from now on is handed over, as if the process had died. */
  terminate(): void {
    this.#outgoing.flush();
    this.#killed = true;
    this.#ws.terminate();
  }

  received(text: string): void {
    if (!this.#killed) this.#events?.onText(text);
  }

  ponged(): void {
    if (!this.#killed) this.#events?.onPong();
  }

  writable(): void {
    if (this.state === LinkState.open) this.#events?.onWritable();
  }

  failed(error: Error): void {
    this.#failure ||= describeFailure(error);
  }

  closed(code: number, reason: string): void {
    const events = this.#events;
    this.#events = undefined;
    this.#outgoing.discard();
    if (this.#ws.refusedFrame) events?.onClose(CloseCode.tooLarge, 'frame too large');
    else events?.onClose(code, reason || this.#failure);
  }
}
