import { type Link, type Random, Timer, type Timers } from '../protocol/ports.ts';

export interface HeartbeatSettings {
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
  readonly missedPongsMax: number;
  readonly readBytesPerSecMin: number;
}

/** Bytes that the kernels of both ends may hold of one connection; what a link holds itself comes on top. */
export const KERNEL_BYTES_MAX = 4 * 1_048_576;

/**
 * Finds out that a peer is gone although its socket looks open: pings, and counts pongs that did not come.
 *
 * Any frame from the peer is life, and so is any part of one: a pong waits behind what its peer is sending. A ping
 * waits likewise, behind what the peer has not read yet, and the kernel does not tell how much that is. It is
 * estimated: everything sent since the last ping that was answered, less what a peer reads that takes
 * `readBytesPerSecMin`. The pong may be late by the time that such a peer takes for it. Until then there is no other
 * ping.
 *
 * One timer: it waits for the next ping, then for the pong, then for the rest of the interval.
 */
export class Heartbeat {
  readonly #settings: HeartbeatSettings;
  readonly #timers: Timers;
  readonly #timer: Timer;
  readonly #link: Link;
  readonly #onMissed: (() => void) | undefined;
  readonly #onStale: (missed: number) => void;
  /** For how long the timer was armed. */
  #armedMs = 0;
  /** A ping has left and its time is not over. */
  #pinged = false;
  /** What is left of that time. */
  #patienceMs = 0;
  #alive = false;
  #missed = 0;
  /** Bytes received when the ping left. */
  #receivedBytes = 0;
  /** At most so many bytes of those sent has the peer not read; those sent after `#countedBytes` not included. */
  #unreadBytes = 0;
  #countedBytes = 0;
  #unanswered = 0;
  /** Bytes sent before the oldest ping that is unanswered, and before the newest ping. */
  #oldestPingBytes = 0;
  #newestPingBytes = 0;

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
    this.#arm(this.#settings.pingIntervalMs * (0.5 + options.random.next() / 2));
  }

  /** Alive and no pong missed. */
  get healthy(): boolean {
    return this.#missed === 0;
  }

  /** Bytes that had been sent on the link before the newest ping. */
  get pingedBytes(): number {
    return this.#newestPingBytes;
  }

  life(): void {
    this.#alive = true;
    this.#missed = 0;
  }

  /** The peer has read everything before a ping: before the oldest that it has not answered, if there are several. */
  pong(): void {
    this.life();
    const readBytes = this.#unanswered > 1 ? this.#oldestPingBytes : this.#newestPingBytes;
    this.#unanswered = this.#unanswered > 1 ? 1 : 0;
    this.#oldestPingBytes = this.#newestPingBytes;
    this.#countedBytes = this.#link.sentBytes;
    this.#unreadBytes = this.#countedBytes - readBytes;
  }

  stop(): void {
    this.#timers.disarm(this.#timer);
  }

  #arm(delayMs: number): void {
    this.#armedMs = delayMs;
    this.#timers.arm(this.#timer, delayMs);
  }

  #onTimer(): void {
    const { pingIntervalMs, pongTimeoutMs, missedPongsMax } = this.#settings;
    this.#countUnread();
    if (!this.#pinged) {
      this.#ping();
      return;
    }
    this.#patienceMs -= this.#armedMs;
    if (this.#link.receivedBytes > this.#receivedBytes) this.life();
    if (this.#unanswered > 0 && this.#patienceMs > 0) {
      this.#arm(Math.min(this.#patienceMs, pongTimeoutMs));
      return;
    }
    this.#pinged = false;
    const missed = !this.#alive;
    if (missed) this.#missed += 1;
    if (this.#missed >= missedPongsMax) this.#onStale(this.#missed);
    else this.#arm(Math.max(0, pingIntervalMs - pongTimeoutMs));
    // Last, since whoever hears it may stop this.
    if (missed) this.#onMissed?.();
  }

  #ping(): void {
    const { pongTimeoutMs, readBytesPerSecMin } = this.#settings;
    this.#pinged = true;
    this.#alive = false;
    this.#receivedBytes = this.#link.receivedBytes;
    this.#newestPingBytes = this.#link.ping();
    if (this.#unanswered === 0) this.#oldestPingBytes = this.#newestPingBytes;
    this.#unanswered += 1;
    this.#patienceMs = pongTimeoutMs + (this.#unreadBytes * 1000) / readBytesPerSecMin;
    this.#arm(pongTimeoutMs);
  }

  #countUnread(): void {
    const { sentBytes, bufferedBytes } = this.#link;
    const readBytes = (this.#armedMs * this.#settings.readBytesPerSecMin) / 1000;
    const unreadBytes = Math.max(0, this.#unreadBytes - readBytes) + sentBytes - this.#countedBytes;
    this.#unreadBytes = Math.min(unreadBytes, KERNEL_BYTES_MAX + bufferedBytes);
    this.#countedBytes = sentBytes;
  }
}
