import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { listenErrorFrom } from '../world/real/listener.ts';
import type { Metrics } from './metrics.ts';

const REQUEST_TIMEOUT_MS = 10_000;
const PATH = '/metrics';

/** A port on which a Prometheus server finds the metrics. */
export class MetricsEndpoint {
  readonly #metrics: Metrics;
  readonly #host: string;
  readonly #server: Server;
  #port: number;

  /** @param options - `port` 0: any that is free */
  constructor(options: { readonly metrics: Metrics; readonly host: string; readonly port: number }) {
    this.#metrics = options.metrics;
    this.#host = options.host;
    this.#port = options.port;
    this.#server = createServer(
      { headersTimeout: REQUEST_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
      (request, response) => {
        this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
      },
    );
  }

  get url(): string {
    const host = this.#host.includes(':') ? `[${this.#host}]` : this.#host;
    return `http://${host}:${this.#port}${PATH}`;
  }

  /** @throws {ListenError} when the port can't be had */
  open(): Promise<void> {
    const [server, host, port] = [this.#server, this.#host, this.#port];
    return new Promise((resolve, reject) => {
      server.once('error', (error) => reject(listenErrorFrom(error, { port, host, purpose: 'the metrics' })));
      server.listen(port, host, () => {
        const address = server.address();
        if (typeof address === 'object' && address !== null) this.#port = address.port;
        resolve();
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer({ method, url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
    if (url.split('?')[0] !== PATH) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end(`The metrics are at ${PATH}\n`);
    } else if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    } else {
      const text = await this.#metrics.text();
      response.writeHead(200, { 'content-type': this.#metrics.contentType });
      response.end(method === 'HEAD' ? undefined : text);
    }
  }
}
