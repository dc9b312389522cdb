import {
  type ClientRequest,
  type IncomingMessage,
  Agent as PlainAgent,
  request as plainRequest,
} from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import type { Http, HttpAnswer, HttpRequest } from '../../protocol/ports.ts';
import { describeFailure } from './closing.ts';

/** Of an answer's body. */
const BODY_BYTES_MAX = 1_048_576;
/** Connections to one server at the same time; further requests wait for one. */
const SOCKETS_MAX = 64;

export interface HttpOptions {
  /** PEM; absent: the certificate authorities of the system. */
  readonly ca?: string;
  /** Takes any certificate. */
  readonly insecure?: boolean;
}

/** HTTP for the clients of one process, which share its connections. */
export function createHttp({ ca, insecure = false }: HttpOptions = {}): Http {
  const shared = { keepAlive: true, maxSockets: SOCKETS_MAX };
  const plain = new PlainAgent(shared);
  const tls = new TlsAgent({ ...shared, rejectUnauthorized: !insecure, ...(ca === undefined ? {} : { ca }) });
  return (request, done) => {
    const isTls = request.url.startsWith('https:');
    const options = { method: request.method, headers: headersOf(request), agent: isTls ? tls : plain };
    const exchange = new Exchange(done);
    try {
      const sending = (isTls ? tlsRequest : plainRequest)(request.url, options);
      exchange.begin(sending, request);
    } catch (error) {
      // An address or a header that can't be sent.
      const failure = error instanceof Error ? error.message : String(error);
      setImmediate(() => exchange.end({ failure, sent: false }));
    }
    return () => exchange.cancel();
  };
}

function headersOf({ headers, body }: HttpRequest): Record<string, string> {
  return body === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) };
}

/** One request and its answer. */
class Exchange {
  readonly #done: (answer: HttpAnswer) => void;
  #ended = false;
  #sending: ClientRequest | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #sent = false;

  constructor(done: (answer: HttpAnswer) => void) {
    this.#done = done;
  }

  begin(sending: ClientRequest, { body, timeoutMs }: HttpRequest): void {
    this.#sending = sending;
    this.#deadline = setTimeout(() => this.#fail(`no answer within ${timeoutMs} ms`), timeoutMs);
    sending.on('socket', (socket) => {
      if (socket.connecting) socket.once('connect', () => (this.#sent = true));
      else this.#sent = true;
    });
    sending.on('response', (answer) => this.#read(answer));
    sending.on('error', (error) => this.#fail(describeFailure(error)));
    sending.end(body);
  }

  cancel(): void {
    this.#ended = true;
    clearTimeout(this.#deadline);
    this.#sending?.destroy();
  }

  end(answer: HttpAnswer): void {
    if (this.#ended) return;
    this.cancel();
    this.#done(answer);
  }

  #fail(failure: string): void {
    this.end({ failure, sent: this.#sent });
  }

  #read(answer: IncomingMessage): void {
    const chunks: Buffer[] = [];
    let bytes = 0;
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) this.#fail(`the answer is longer than ${BODY_BYTES_MAX} bytes`);
      else chunks.push(chunk);
    });
    answer.on('error', (error) => this.#fail(describeFailure(error)));
    answer.on('end', () => {
      if (this.#ended) return;
      this.#ended = true;
      clearTimeout(this.#deadline);
      const headers = Object.fromEntries(
        Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
      );
      this.#done({ status: answer.statusCode ?? 0, headers, text: Buffer.concat(chunks).toString() });
    });
  }
}
