import { type Link, type Random, Timer, type Timers } from '../protocol/ports.ts';

export interface HeartbeatSettings {
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
  readonly missedPongsMax: number;
}

/**
 * Finds out that a peer is gone although its socket looks open: pings, and counts pongs that did not come.
 *
 * Any frame from the peer is life. One timer: it waits for the next ping, then for the pong.
 */
export class Heartbeat {
  readonly #settings: HeartbeatSettings;
  readonly #timers: Timers;
  readonly #timer: Timer;
  readonly #link: Link;
  readonly #onStale: (missed: number) => void;
  #awaitingPong = false;
  #missed = 0;

  constructor(options: {
    readonly settings: HeartbeatSettings;
    readonly timers: Timers;
    readonly random: Random;
    readonly link: Link;
    readonly onStale: (missed: number) => void;
  }) {
    this.#settings = options.settings;
    this.#timers = options.timers;
    this.#link = options.link;
    this.#onStale = options.onStale;
    this.#timer = new Timer(() => this.#onTimer());
    // The first ping comes early by a random part, so that a crowd that connects together is not pinged together.
    this.#timers.arm(this.#timer, this.#settings.pingIntervalMs * (0.5 + options.random.next() / 2));
  }

  /** Alive and no pong missed. */
  get healthy(): boolean {
    return this.#missed === 0;
  }

  life(): void {
    this.#awaitingPong = false;
    this.#missed = 0;
  }

  stop(): void {
    this.#timers.disarm(this.#timer);
  }

  #onTimer(): void {
    const { pingIntervalMs, pongTimeoutMs, missedPongsMax } = this.#settings;
    if (this.#awaitingPong) {
      this.#awaitingPong = false;
      this.#missed += 1;
      if (this.#missed >= missedPongsMax) {
        this.#onStale(this.#missed);
        return;
      }
      this.#timers.arm(this.#timer, Math.max(0, pingIntervalMs - pongTimeoutMs));
      return;
    }
    this.#awaitingPong = true;
    this.#link.ping();
    this.#timers.arm(this.#timer, pongTimeoutMs);
  }
}
