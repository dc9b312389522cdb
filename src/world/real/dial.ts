import { connect } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { SUBPROTOCOL } from '../../protocol/frame.ts';
import {
  type ClientLink,
  type Dial,
  type DialRequest,
  HANDSHAKE_TIMEOUT_MS,
  type LinkEvents,
} from '../../protocol/ports.ts';
import { HandshakeTerms } from './client-handshake.ts';
import { DialledWsLink } from './dialled-ws-link.ts';
import { FailedLink } from './failed-link.ts';
import { type Dialling, SocketLink } from './socket-link.ts';

/** Dials from one local address, well below the ports that an address has towards one server. */
const DIALS_PER_ADDRESS = 4096;
const NO_HEADERS: Readonly<Record<string, string>> = {};

export interface DialerOptions {
  /** `ws://` or `wss://`; absent where every attempt says its own. */
  readonly url?: string;
  /** Offered in the handshake; what a stranger's server wants, or none. */
  readonly subprotocols?: readonly string[];
  readonly tls?: TlsOptions;
  /** Offers permessage-deflate; what this end sends goes uncompressed. */
  readonly compression?: boolean;
  /** From dialling to open. */
  readonly handshakeTimeoutMs?: number;
  /** Dials plain `ws://` with `ws` too, as is needed to follow redirects. */
  readonly alwaysWs?: boolean;
  /** A handshake over a bare socket was redirected; from then on everything is dialled with `ws`. */
  readonly onRedirect?: () => void;
  /**
   * Local address to dial from, for the n-th dial from 0; `undefined` leaves it to the system. By default dials to a
   * loopback address are spread over loopback addresses, as each has only some 28 000 ports.
   */
  readonly localAddressFor?: (dial: number) => string | undefined;
}

export interface TlsOptions {
  /** PEM; absent: the certificate authorities of Node. */
  readonly ca?: string;
  /** Asked for, and expected in the certificate; absent: the host of the address. */
  readonly servername?: string;
  /** Takes any certificate. */
  readonly insecure?: boolean;
}

/**
 * Dials plain `ws://` without headers on a bare socket and everything else with `ws`.
 *
 * @throws {TypeError} when the usual address is no WebSocket address; that of a single attempt closes its link
 */
export function createDialer(options: DialerOptions): Dial {
  if (options.url !== undefined) parseUrl(options.url);
  const dialer = new Dialer(options);
  return (events, request) => dialer.dial(events, request);
}

class Dialer {
  readonly #options: DialerOptions;
  readonly #subprotocols: readonly string[];
  readonly #timeoutMs: number;
  #alwaysWs: boolean;
  #dials = 0;
  /** Shared by all connections: to make one takes milliseconds. */
  #secureContext: SecureContext | undefined;
  /** Of the plain address that was dialled last: most often all clients dial the same. */
  #plain:
    | { readonly text: string; readonly subprotocols: readonly string[]; readonly dialling: Dialling }
    | undefined;

  constructor(options: DialerOptions) {
    this.#options = options;
    this.#subprotocols = options.subprotocols ?? [SUBPROTOCOL];
    this.#timeoutMs = options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS;
    this.#alwaysWs = options.alwaysWs ?? false;
  }

  dial(events: LinkEvents, request: DialRequest = {}): ClientLink {
    const { url: text = this.#options.url ?? '', headers = NO_HEADERS } = request;
    const subprotocols = request.subprotocols ?? this.#subprotocols;
    const isPlain = !this.#alwaysWs && text.startsWith('ws://') && isEmpty(headers);
    try {
      if (isPlain && this.#options.compression !== true)
        return SocketLink.dial(this.#plainTo(text, subprotocols), events);
      return this.#dialWs(text, { subprotocols, headers, events });
    } catch (error) {
      // What a server gave as the address to come back to, or as a value for a header, need not make sense.
      return new FailedLink(error instanceof Error ? error.message : String(error), events);
    }
  }

  #plainTo(text: string, subprotocols: readonly string[]): Dialling {
    if (this.#plain?.text === text && this.#plain.subprotocols === subprotocols) return this.#plain.dialling;
    const url = parseUrl(text);
    const host = hostOf(url);
    const port = Number(url.port) || 80;
    const dialling: Dialling = {
      terms: new HandshakeTerms(url, subprotocols, () => {
        this.#alwaysWs = true;
        this.#options.onRedirect?.();
      }),
      timeoutMs: this.#timeoutMs,
      connect: (onread) => connect({ host, port, onread, ...this.#localAddress(host) }),
    };
    this.#plain = { text, subprotocols, dialling };
    return dialling;
  }

  #dialWs(
    text: string,
    attempt: {
      readonly subprotocols: readonly string[];
      readonly headers: Readonly<Record<string, string>>;
      readonly events: LinkEvents;
    },
  ): ClientLink {
    const url = parseUrl(text);
    const { tls = {}, compression = false } = this.#options;
    const { ca, servername, insecure = false } = tls;
    const isTls = url.protocol === 'wss:';
    if (isTls || ca !== undefined)
      this.#secureContext ??= createSecureContext(ca === undefined ? {} : { ca });
    return DialledWsLink.dial(
      {
        url,
        subprotocols: attempt.subprotocols,
        headers: attempt.headers,
        compression,
        timeoutMs: this.#timeoutMs,
        socketOptions: {
          ...this.#localAddress(hostOf(url)),
          ...(insecure ? { rejectUnauthorized: false } : {}),
          ...(servername === undefined ? {} : { servername }),
          ...(this.#secureContext === undefined ? {} : { secureContext: this.#secureContext }),
        },
      },
      attempt.events,
    );
  }

  #localAddress(host: string): { localAddress?: string } {
    const addressFor =
      this.#options.localAddressFor ?? (host.startsWith('127.') ? loopbackAddressFor : noAddress);
    const localAddress = addressFor(this.#dials);
    this.#dials += 1;
    return localAddress === undefined ? {} : { localAddress };
  }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.protocol === 'ws:' || url.protocol === 'wss:') && !url.hash) return url;
  throw new TypeError(`Cannot dial "${text}": not a WebSocket address, ws://host:port/path is wanted`);
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function isEmpty(map: Readonly<Record<string, string>>): boolean {
  for (const _ in map) return false;
  return true;
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
