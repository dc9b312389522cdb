import { connect, isIP, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { FRAME_BYTES_MAX, SUBPROTOCOL } from '../../protocol/frame.ts';
import { type ClientLink, type Dial, LinkState } from '../../protocol/ports.ts';
import { LinkWebSocket, onOpen } from './link-web-socket.ts';
import { CLOSE_TIMEOUT_MS, SocketLink } from './socket-link.ts';
import { Throttle } from './throttle.ts';

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Dials from one local address, well below the ports that an address has towards one server. */
const DIALS_PER_ADDRESS = 4096;

export interface DialerOptions {
  /** `ws://` or `wss://`. */
  readonly url: string;
  /** Offered in the handshake; what a stranger's server wants, or none. */
  readonly subprotocols?: readonly string[];
  readonly handshakeTimeoutMs?: number;
  /**
   * Local address to dial from, for the n-th dial from 0; `undefined` leaves it to the system. By default dials to a
   * loopback address are spread over loopback addresses, as each has only some 28 000 ports.
   */
  readonly localAddressFor?: (dial: number) => string | undefined;
}

/** @throws {TypeError} when the address is no WebSocket address */
export function createDialer(options: DialerOptions): Dial {
  const url = parseUrl(options.url);
  const secure = url.protocol === 'wss:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port) || (secure ? 443 : 80);
  const timeout = options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS;
  const localAddressFor =
    options.localAddressFor ?? (host.startsWith('127.') ? loopbackAddressFor : noAddress);
  const subprotocols = [...(options.subprotocols ?? [SUBPROTOCOL])];
  let dials = 0;
  let socket: Socket | undefined;

  const webSocketOptions = {
    perMessageDeflate: false,
    autoPong: false,
    maxPayload: FRAME_BYTES_MAX,
    closeTimeout: CLOSE_TIMEOUT_MS,
    handshakeTimeout: timeout,
    createConnection: (): Socket => {
      const localAddress = localAddressFor(dials++);
      const target = { host, port, timeout, ...(localAddress === undefined ? {} : { localAddress }) };
      socket = secure ? connectSecurely({ ...target, servername: isIP(host) ? '' : host }) : connect(target);
      return socket;
    },
  };

  return (events) => {
    const ws = new LinkWebSocket(url, subprotocols, webSocketOptions);
    if (!socket) throw new Error('a WebSocket under construction opens its socket at once');
    const link = new DialledLink(ws, socket, secure);
    socket = undefined;
    link.attach(events);
    ws.once('open', onOpen);
    return link;
  };
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.protocol === 'ws:' || url.protocol === 'wss:') && !url.hash) return url;
  throw new TypeError(`Cannot dial "${text}": not a WebSocket address, ws://host:port/path is wanted`);
}

/** Any address in 127.0.0.0/8 is the machine itself, but only Linux has them all without being told. */
function loopbackAddressFor(dial: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const block = Math.floor(dial / DIALS_PER_ADDRESS);
  return `127.${1 + (process.pid % 250)}.${(block >>> 7) & 255}.${1 + (block & 127)}`;
}

function noAddress(): undefined {
  return undefined;
}

class DialledLink extends SocketLink implements ClientLink {
  answerPings = true;
  readonly #secure: boolean;
  #paused = false;
  #bytesPerSec: number | undefined = undefined;
  #throttle: Throttle | undefined = undefined;

  constructor(ws: LinkWebSocket, socket: Socket, secure: boolean) {
    super(ws, socket, true);
    this.#secure = secure;
  }

  pauseReading(): void {
    this.#paused = true;
    this.#applyReading();
  }

  resumeReading(): void {
    this.#paused = false;
    this.#applyReading();
  }

  limitReading(bytesPerSec: number | undefined): void {
    this.#bytesPerSec = bytesPerSec;
    this.#applyReading();
  }

  reset(): void {
    this.kill();
    // A TLS socket has no RST of its own to give; a connection that is not open yet has nobody to give it to.
    if (!this.#secure && this.ws.readyState !== LinkState.connecting && !this.socket.destroyed)
      this.socket.resetAndDestroy();
    else this.ws.terminate();
  }

  drop(): void {
    this.terminate();
  }

  override opened(): void {
    this.#applyReading();
    super.opened();
  }

  override pinged(data: Buffer): void {
    if (this.answerPings && this.state === LinkState.open) this.ws.pong(data);
  }

  override closed(code: number, reason: string): void {
    this.#throttle?.stop();
    super.closed(code, reason);
  }

  /** While a link is being opened there is nothing to pause; it is done when it opens. */
  #applyReading(): void {
    if (this.ws.readyState === LinkState.connecting || this.ws.readyState === LinkState.closed) return;
    this.#throttle?.stop();
    this.#throttle = undefined;
    if (!this.#paused && this.#bytesPerSec === undefined) {
      if (this.ws.isPaused) this.ws.resume();
      return;
    }
    this.ws.pause();
    if (!this.#paused && this.#bytesPerSec !== undefined)
      this.#throttle = new Throttle(this.socket, this.#bytesPerSec);
  }
}
