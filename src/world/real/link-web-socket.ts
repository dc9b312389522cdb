import { type RawData, WebSocket } from 'ws';
import { CloseCode } from '../../protocol/frame.ts';

/** `ws` reports and closes a frame over `maxPayload` with the standard code for it. */
const MESSAGE_TOO_BIG = 1009;

/** What a `LinkWebSocket` tells the link it carries. */
export interface WebSocketOwner {
  received(text: string): void;
  ponged(): void;
  failed(error: Error): void;
  closed(code: number, reason: string): void;
}

/**
 * A WebSocket of `ws` that knows its owner: all instances share the same four listeners, where a closure for each
 * listener and connection would cost more than the connection's own state.
 */
export class LinkWebSocket extends WebSocket {
  owner: WebSocketOwner | undefined;
  #refusedFrame = false;

  /** Whether this end closed because of a frame over the limit. */
  get refusedFrame(): boolean {
    return this.#refusedFrame;
  }

  attach(owner: WebSocketOwner): void {
    this.owner = owner;
    this.on('message', onMessage);
    this.on('pong', onPong);
    this.on('error', onError);
    this.on('close', onClose);
  }

  /** The protocol has its own code for a frame that is too large. */
  override close(code?: number, data?: string | Buffer): void {
    this.#refusedFrame ||= code === MESSAGE_TOO_BIG;
    if (code === MESSAGE_TOO_BIG) super.close(CloseCode.tooLarge, 'frame too large');
    else super.close(code, data);
  }
}

/** A binary frame is no frame of the protocol; the empty text is malformed, so it is counted as such. */
function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  ownerOf(this)?.received(isBinary || !Buffer.isBuffer(data) ? '' : data.toString());
}

function onPong(this: WebSocket): void {
  ownerOf(this)?.ponged();
}

function onError(this: WebSocket, error: Error): void {
  ownerOf(this)?.failed(error);
}

function onClose(this: WebSocket, code: number, reason: Buffer): void {
  ownerOf(this)?.closed(code, reason.toString());
}

function ownerOf(ws: WebSocket): WebSocketOwner | undefined {
  return ws instanceof LinkWebSocket ? ws.owner : undefined;
}
