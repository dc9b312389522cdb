import type { Clock } from '../protocol/ports.ts';
import { type Listener, listen } from '../world/real/listener.ts';
import type { LinkTaker } from '../world/real/ws-link.ts';
import type { ServerEndpoint } from './server-endpoint.ts';

/** A real port for the reference server, which it keeps over restarts. */
export class SocketEndpoint implements ServerEndpoint {
  readonly #clock: Clock;
  readonly #taker: LinkTaker;
  readonly #host: string;
  readonly #onTrouble: (error: Error) => void;
  #listener: Listener | undefined;
  #port: number;
  /** The latest going down or coming up: one waits for the other. */
  #settled: Promise<void> = Promise.resolve();

  constructor(options: {
    readonly clock: Clock;
    readonly taker: LinkTaker;
    readonly host: string;
    readonly port: number;
    /** The port could not be had again after a restart. */
    readonly onTrouble: (error: Error) => void;
  }) {
    this.#clock = options.clock;
    this.#taker = options.taker;
    this.#host = options.host;
    this.#port = options.port;
    this.#onTrouble = options.onTrouble;
  }

  get url(): string {
    return `ws://${this.#host}:${this.#port}`;
  }

  /** @throws {ListenError} when the port can't be had */
  async open(): Promise<void> {
    this.#listener = await listen({
      ...this.#taker,
      port: this.#port,
      host: this.#host,
      purpose: 'the reference broadcaster',
    });
    this.#port = this.#listener.port;
  }

  goDown(): void {
    this.#then(async () => this.#listener?.close());
  }

  comeUp(): void {
    this.#then(() => this.open());
  }

  block(forMs: number): number {
    const untilUs = this.#clock.nowUs() + forMs * 1000;
    while (this.#clock.nowUs() < untilUs);
    return this.#clock.nowUs();
  }

  async close(): Promise<void> {
    await this.#settled;
    await this.#listener?.close();
  }

  #then(step: () => Promise<void> | undefined): void {
    this.#settled = this.#settled.then(step).catch((error: unknown) => {
      this.#onTrouble(error instanceof Error ? error : new Error(String(error)));
    });
  }
}
