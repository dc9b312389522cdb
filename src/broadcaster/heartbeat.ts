import { type Link, type Random, Timer, type Timers } from '../protocol/ports.ts';

export interface HeartbeatSettings {
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
  readonly missedPongsMax: number;
}

/**
 * Finds out that a peer is gone although its socket looks open: pings, and counts pongs that did not come.
 *
 * Any frame from the peer is life, and so is any part of one: a pong waits behind what its peer is sending. One timer: it waits for the next ping, then for the pong, then for the rest of
 * the interval.
 */
export class Heartbeat {
  readonly #settings: HeartbeatSettings;
  readonly #timers: Timers;
  readonly #timer: Timer;
  readonly #link: Link;
  readonly #onMissed: (() => void) | undefined;
  readonly #onStale: (missed: number) => void;
  /** A ping has left and its time is not over. */
  #pinged = false;
  #alive = false;
  #missed = 0;
  /** Bytes received when the ping left. */
  #receivedBytes = 0;

  constructor(options: {
    readonly settings: HeartbeatSettings;
    readonly timers: Timers;
    readonly random: Random;
    readonly link: Link;
    /** A pong did not come in time. */
    readonly onMissed?: () => void;
    readonly onStale: (missed: number) => void;
  }) {
    this.#settings = options.settings;
    this.#timers = options.timers;
    this.#link = options.link;
    this.#onMissed = options.onMissed;
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
    this.#alive = true;
    this.#missed = 0;
  }

  stop(): void {
    this.#timers.disarm(this.#timer);
  }

  #onTimer(): void {
    const { pingIntervalMs, pongTimeoutMs, missedPongsMax } = this.#settings;
    if (!this.#pinged) {
      this.#pinged = true;
      this.#alive = false;
      this.#receivedBytes = this.#link.receivedBytes;
      this.#link.ping();
      this.#timers.arm(this.#timer, pongTimeoutMs);
      return;
    }
    this.#pinged = false;
    if (this.#link.receivedBytes > this.#receivedBytes) this.life();
    const missed = !this.#alive;
    if (missed) this.#missed += 1;
    if (this.#missed >= missedPongsMax) this.#onStale(this.#missed);
    else this.#timers.arm(this.#timer, Math.max(0, pingIntervalMs - pongTimeoutMs));
    // Last, since whoever hears it may stop this.
    if (missed) this.#onMissed?.();
  }
}
