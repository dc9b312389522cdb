import { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import { type ClientLink, type LinkEvents, LinkState } from '../../protocol/ports.ts';
import { maskTowards } from './masking.ts';
import { Throttle, type Throttled } from './throttle.ts';
import { WS_OPTIONS, WsLink } from './ws-link.ts';

export interface WsDialling {
  readonly url: URL;
  readonly subprotocols: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** Offers permessage-deflate. */
  readonly compression: boolean;
  /** From dialling to open, redirects included. */
  readonly timeoutMs: number;
  readonly socketOptions: {
    readonly localAddress?: string;
    readonly rejectUnauthorized?: boolean;
    readonly servername?: string;
    readonly secureContext?: SecureContext;
  };
}

/** Redirects of one opening handshake that are followed. */
const REDIRECTS_MAX = 5;

/**
 * A client's end over `ws`: for TLS, and for everything else that a `SocketLink` can't do.
 *
 * A limit is kept by not reading on until what was read has been paid for; a pause holds back what was read already.
 */
export class DialledWsLink extends WsLink implements ClientLink, Throttled {
  answerPings = true;
  #paused = false;
  #bytesPerSec: number | undefined = undefined;
  #throttle: Throttle | undefined = undefined;
  /** Bytes that were read and are not paid for. */
  heldBytes = 0;
  #held: (string | Buffer)[] = [];
  #deadline: NodeJS.Timeout | undefined = undefined;

  static dial(dialling: WsDialling, events: LinkEvents): ClientLink {
    const { url, subprotocols, headers, compression, timeoutMs, socketOptions } = dialling;
    const ws = new WebSocket(url, [...subprotocols], {
      ...WS_OPTIONS,
      ...socketOptions,
      perMessageDeflate: compression,
      followRedirects: true,
      maxRedirects: REDIRECTS_MAX,
      headers: { ...headers },
    });
    const link = new DialledWsLink(ws, undefined);
    link.events = events;
    // The timeout of `ws` counts from the last byte that came, and anew for each redirect.
    link.#deadline = setTimeout(() => link.abandon('Opening handshake has timed out'), timeoutMs);
    ws.on('open', () => link.#opened());
    ws.on('unexpected-response', (_request, { statusCode = 0 }) => {
      link.events?.onRefused?.(statusCode);
      link.abandon(`Unexpected server response: ${statusCode}`);
    });
    return link;
  }

  sendBytes(bytes: Uint8Array): void {
    if (this.state === LinkState.open) this.outgoing?.add('', bytes);
  }

  drop(): void {
    this.terminate();
  }

  reset(): void {
    const socket = this.state === LinkState.open ? this.socket : undefined;
    // A TLS socket has no RST of its own to give; a connection that is not open yet has nobody to give it to.
    if (!(socket instanceof Socket) || socket instanceof TLSSocket) {
      this.terminate();
      return;
    }
    this.outgoing?.flushAll();
    this.killed = true;
    socket.resetAndDestroy();
  }

  override pauseReading(): void {
    this.#paused = true;
    this.#apply();
  }

  override resumeReading(): void {
    this.#paused = false;
    this.#apply();
  }

  limitReading(bytesPerSec: number | undefined): void {
    this.#bytesPerSec = bytesPerSec;
    this.#apply();
  }

  handOver(bytes: number): void {
    this.heldBytes -= bytes;
  }

  readOn(): void {
    this.ws.resume();
  }

  override onClose(code: number, reason: string): void {
    clearTimeout(this.#deadline);
    this.#throttle?.stop();
    this.#throttle = undefined;
    this.#paused = false;
    if (!this.killed) this.#handOverHeld();
    super.onClose(code, reason);
  }

  protected override get answersPings(): boolean {
    return this.answerPings;
  }

  protected override received(message: string | Buffer): void {
    if (this.#paused || this.#held.length > 0) this.#held.push(message);
    else super.received(message);
  }

  #opened(): void {
    clearTimeout(this.#deadline);
    const { socket } = this;
    this.attach(maskTowards(socket instanceof Socket ? socket.remoteAddress : undefined));
    socket.on('data', (chunk: Buffer) => this.#arrived(chunk.length));
    if (this.#paused || this.#bytesPerSec !== undefined) this.#apply();
    this.events?.onOpen();
  }

  #arrived(bytes: number): void {
    if (this.#throttle === undefined) return;
    this.heldBytes += bytes;
    if (!this.#throttle.wantsMore) this.ws.pause();
  }

  #apply(): void {
    if (this.outgoing === undefined || this.ws.readyState === LinkState.closed) return;
    this.#throttle?.stop();
    this.#throttle = undefined;
    if (this.#paused) {
      this.ws.pause();
      return;
    }
    if (this.#bytesPerSec === undefined) this.heldBytes = 0;
    else this.#throttle = new Throttle(this, this.#bytesPerSec);
    // Not at once: the caller may be in the middle of a text that is being handed over.
    process.nextTick(() => this.#catchUp());
  }

  #catchUp(): void {
    if (!this.#paused) this.#handOverHeld();
    if (!this.#paused && (this.#throttle?.wantsMore ?? true)) this.ws.resume();
  }

  /** A message may lead to a pause: what stands behind it is held on. */
  #handOverHeld(): void {
    const messages = this.#held;
    let handed = 0;
    while (handed < messages.length && !this.#paused) {
      handed += 1;
      super.received(messages[handed - 1] ?? '');
    }
    messages.splice(0, handed);
  }
}
