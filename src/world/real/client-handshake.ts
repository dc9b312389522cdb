import { randomFillSync } from 'node:crypto';
import { unescape as unescapePercent } from 'node:querystring';
import { ByteQueue } from './byte-queue.ts';
import { acceptValue, hasToken } from './handshake.ts';

/** What a server may send before the handshake is done, bytes. */
const ANSWER_BYTES_MAX = 16_384;
const END_OF_HEAD = '\r\n\r\n';

const KEY_BYTES = 16;
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})(?: |$)/;
const SWITCHING_PROTOCOLS = '101';
const HTTP = 'HTTP/1.';
const NO_HTTP = 'The server does not answer in HTTP/1.1';

/** Random bytes are drawn for many keys at once: a draw costs more than what it yields. */
const keys = Buffer.alloc(KEY_BYTES * 256);
let keyAt = keys.length;

/** A `Sec-WebSocket-Key`. */
function newKey(): string {
  if (keyAt === keys.length) {
    randomFillSync(keys);
    keyAt = 0;
  }
  keyAt += KEY_BYTES;
  return keys.toString('base64', keyAt - KEY_BYTES, keyAt);
}

/** What all clients of one server say and want to hear, by RFC 6455: no extensions. */
export class HandshakeTerms {
  readonly #subprotocols: readonly string[];
  readonly #beforeKey: string;
  readonly #onRedirect: () => void;

  /** @param onRedirect - hears of an answer that names another address, which these terms can't follow */
  constructor(url: URL, subprotocols: readonly string[], onRedirect: () => void) {
    this.#subprotocols = subprotocols;
    this.#onRedirect = onRedirect;
    this.#beforeKey = [
      `GET ${url.pathname}${url.search} HTTP/1.1`,
      `Host: ${url.host}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      ...(subprotocols.length === 0 ? [] : [`Sec-WebSocket-Protocol: ${subprotocols.join(',')}`]),
      ...(url.username === '' && url.password === '' ? [] : [`Authorization: ${basicCredentials(url)}`]),
      'Sec-WebSocket-Key: ',
    ].join('\r\n');
  }

  request(key: string): string {
    return `${this.#beforeKey}${key}${END_OF_HEAD}`;
  }

  /**
   * Why the answer to `request(key)` opens no WebSocket; `undefined` when it does.
   *
   * @param head - status line and headers, without the empty line
   */
  refusal(head: string, key: string): Refusal | undefined {
    const [statusLine = '', ...lines] = head.split('\r\n');
    const status = STATUS_LINE.exec(statusLine)?.[1];
    if (status === undefined) return { refusal: NO_HTTP };
    const headers = headersOf(lines);
    if (status.startsWith('3') && headers.has('location')) this.#onRedirect();
    if (status !== SWITCHING_PROTOCOLS)
      return { refusal: `Unexpected server response: ${status}`, status: Number(status) };
    const refusal = this.#headerRefusal(headers, key);
    return refusal === undefined ? undefined : { refusal };
  }

  #headerRefusal(headers: ReadonlyMap<string, string>, key: string): string | undefined {
    if (!hasToken(headers.get('upgrade'), 'websocket')) return 'Invalid Upgrade header';
    if (!hasToken(headers.get('connection'), 'upgrade')) return 'Invalid Connection header';
    if (headers.get('sec-websocket-accept') !== acceptValue(key))
      return 'Invalid Sec-WebSocket-Accept header';
    if (headers.has('sec-websocket-extensions')) return 'Server chose an extension but none was offered';
    return this.#subprotocolRefusal(headers.get('sec-websocket-protocol'));
  }

  #subprotocolRefusal(chosen: string | undefined): string | undefined {
    const offered = this.#subprotocols;
    if (chosen === undefined) return offered.length === 0 ? undefined : 'Server sent no subprotocol';
    if (offered.length === 0) return 'Server sent a subprotocol but none was requested';
    return offered.includes(chosen) ? undefined : 'Server sent an invalid subprotocol';
  }
}

/** Why an opening handshake failed, and the status of the answer where that was no 101. */
interface Refusal {
  readonly refusal: string;
  readonly status?: number;
}

/** What has come of an opening handshake: why it failed, or where in the last chunk frames begin. */
export type Opened = Refusal | { readonly framesAt: number };

/** One client's opening handshake. */
export class OpeningHandshake {
  readonly #terms: HandshakeTerms;
  readonly #key = newKey();
  readonly #answer = new ByteQueue();

  constructor(terms: HandshakeTerms) {
    this.#terms = terms;
  }

  get request(): string {
    return this.#terms.request(this.#key);
  }

  /** Reads the first `bytes` of a chunk; `undefined` as long as the answer is not complete. */
  read(chunk: Buffer, bytes: number): Opened | undefined {
    const before = this.#answer.length;
    this.#answer.append(chunk, 0, bytes);
    const answer = this.#answer.view();
    const headBytes = answer.subarray(0, ANSWER_BYTES_MAX).indexOf(END_OF_HEAD);
    if (headBytes >= 0) {
      const refusal = this.#terms.refusal(answer.toString('latin1', 0, headBytes), this.#key);
      return refusal ?? { framesAt: headBytes + END_OF_HEAD.length - before };
    }
    if (!HTTP.startsWith(answer.toString('latin1', 0, HTTP.length))) return { refusal: NO_HTTP };
    if (answer.length < ANSWER_BYTES_MAX) return undefined;
    return { refusal: `The answer to the opening handshake is longer than ${ANSWER_BYTES_MAX} bytes` };
  }
}

function headersOf(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}

function basicCredentials({ username, password }: URL): string {
  const credentials = `${unescapePercent(username)}:${unescapePercent(password)}`;
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}
