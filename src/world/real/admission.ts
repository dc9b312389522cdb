import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../protocol/ports.ts';
import type { UpgradeRefusal } from './ws-link.ts';
import { isYes } from './yes-or-no.ts';

/**
 * Which pages may open a connection. `same`: only those of the host that they connect to. A browser names the page in
 * the header `Origin`; a client that sends none is no browser, and is not refused for it.
 */
export type Origins =
  | 'same'
  | 'any'
  | readonly string[]
  | ((origin: string, request: IncomingMessage) => boolean);

export interface AdmissionOptions {
  readonly origins: Origins;
  /** Connections a second, over all and of one address; more are refused. */
  readonly connectionsPerSecMax: number;
  readonly connectionsPerSecPerAddressMax: number;
  /** Whether another connection would be taken. */
  readonly hasRoom: () => boolean;
  readonly clock: Clock;
  /** Told of each refusal. */
  readonly onRefused: (refusal: UpgradeRefusal, request: IncomingMessage) => void;
  /** `origins` threw or gave no answer, which refuses. */
  readonly onError: (error: unknown) => void;
}

/** Addresses that are counted in one second; whoever comes with more of them meets the limit over all. */
const ADDRESSES_MAX = 10_000;
const SECOND_US = 1_000_000;

/** Decides at the upgrade, before the handshake costs anything, whether a connection may be opened. */
export class Admission {
  readonly #options: AdmissionOptions;
  #countsSinceUs = Number.NEGATIVE_INFINITY;
  #count = 0;
  readonly #countOf = new Map<string, number>();

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** @returns the HTTP answer to a connection that may not be opened */
  refusalOf(request: IncomingMessage): UpgradeRefusal | undefined {
    const refusal = this.#judge(request);
    if (refusal !== undefined) this.#options.onRefused(refusal, request);
    return refusal;
  }

  #judge(request: IncomingMessage): UpgradeRefusal | undefined {
    if (!this.#knowsOrigin(request)) return { status: 403, reason: 'This origin may not connect.' };
    if (!this.#options.hasRoom()) return { status: 503, reason: 'There are too many connections.' };
    if (!this.#isInRate(request.socket.remoteAddress ?? '')) {
      return { status: 429, reason: 'Connections come too fast.' };
    }
    return undefined;
  }

  #knowsOrigin(request: IncomingMessage): boolean {
    const { origin, host } = request.headers;
    const { origins, onError } = this.#options;
    if (origin === undefined || origins === 'any') return true;
    if (origins === 'same') return isHost(origin, host);
    if (typeof origins !== 'function') return origins.includes(origin);
    return isYes(() => origins(origin, request), onError);
  }

  #isInRate(address: string): boolean {
    const { clock, connectionsPerSecMax, connectionsPerSecPerAddressMax } = this.#options;
    const nowUs = clock.nowUs();
    if (nowUs - this.#countsSinceUs >= SECOND_US) {
      this.#countsSinceUs = nowUs;
      this.#count = 0;
      this.#countOf.clear();
    }
    const ofAddress = (this.#countOf.get(address) ?? 0) + 1;
    if (this.#count >= connectionsPerSecMax || ofAddress > connectionsPerSecPerAddressMax) return false;
    this.#count += 1;
    if (ofAddress > 1 || this.#countOf.size < ADDRESSES_MAX) this.#countOf.set(address, ofAddress);
    return true;
  }
}

/**
 * Whether a page is one of this host. Behind a proxy that ends TLS the server can't tell `https` from `http`; the usual
 * port may be named or left out.
 */
function isHost(origin: string, host: string | undefined): boolean {
  if (!isOrigin(origin) || !/^https?:/.test(origin)) return false;
  const page = new URL(origin);
  const named = `${page.protocol}//${host}`;
  return URL.canParse(named) && new URL(named).host === page.host;
}

/** Exactly what a browser sends: scheme, host, and a port that is not the usual one. */
export function isOrigin(text: string): boolean {
  return text === 'null' || (URL.canParse(text) && new URL(text).origin === text);
}
