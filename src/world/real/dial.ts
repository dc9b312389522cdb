import { connect } from 'node:net';
import { SUBPROTOCOL } from '../../protocol/frame.ts';
import type { Dial } from '../../protocol/ports.ts';
import { HandshakeTerms } from './client-handshake.ts';
import { DialledWsLink } from './dialled-ws-link.ts';
import { type Dialling, SocketLink } from './socket-link.ts';

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Dials from one local address, well below the ports that an address has towards one server. */
const DIALS_PER_ADDRESS = 4096;

export interface DialerOptions {
  /** `ws://` or `wss://`. */
  readonly url: string;
  /** Offered in the handshake; what a stranger's server wants, or none. */
  readonly subprotocols?: readonly string[];
  readonly handshakeTimeoutMs?: number;
  /** Dials plain `ws://` with `ws` too, as is needed for more than text. */
  readonly alwaysWs?: boolean;
  /**
   * Local address to dial from, for the n-th dial from 0; `undefined` leaves it to the system. By default dials to a
   * loopback address are spread over loopback addresses, as each has only some 28 000 ports.
   */
  readonly localAddressFor?: (dial: number) => string | undefined;
}

/**
 * Dials plain `ws://` on a bare socket and everything else with `ws`.
 *
 * @throws {TypeError} when the address is no WebSocket address
 */
export function createDialer(options: DialerOptions): Dial {
  const url = parseUrl(options.url);
  const { subprotocols = [SUBPROTOCOL], handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS } = options;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const localAddressFor =
    options.localAddressFor ?? (host.startsWith('127.') ? loopbackAddressFor : noAddress);
  let dials = 0;
  if (url.protocol === 'wss:' || options.alwaysWs) {
    return (events) => {
      const localAddress = localAddressFor(dials++);
      return DialledWsLink.dial({ url, subprotocols, handshakeTimeoutMs, localAddress }, events);
    };
  }
  const port = Number(url.port) || 80;
  const dialling: Dialling = {
    terms: new HandshakeTerms(url, subprotocols),
    timeoutMs: handshakeTimeoutMs,
    connect: (onread) => {
      const localAddress = localAddressFor(dials++);
      return connect({ host, port, onread, ...(localAddress === undefined ? {} : { localAddress }) });
    },
  };
  return (events) => SocketLink.dial(dialling, events);
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
