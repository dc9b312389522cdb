import type { Random } from '../../protocol/ports.ts';

/** How one direction of a path treats what it carries. All of it may change while something is on the way. */
export interface LaneOptions {
  readonly delayMs?: number;
  /** Added to the delay, uniform from 0 to this; order is kept. */
  readonly jitterMs?: number;
  /** Absent: unlimited. */
  readonly bytesPerSec?: number;
}

/** What waits for a lane to flow again. */
export interface LaneUser {
  released(): void;
}

/**
 * One direction of a client's network: shared by all connections that the client opens over it.
 *
 * A clogged lane holds everything and delivers it later. A blackholed one does the same with a stream's bytes, which
 * their sender would send again until they arrive; but a reset is sent only once, so there it is lost, and the peer
 * lives on in ignorance until it sends something itself.
 */
export class Lane {
  delayMs: number;
  jitterMs: number;
  bytesPerSec: number | undefined;
  readonly #random: Random;
  readonly #waiting = new Set<LaneUser>();
  #condition: 'flowing' | 'clogged' | 'blackholed' = 'flowing';
  #busyUntilUs = 0;

  constructor(options: LaneOptions, random: Random) {
    this.delayMs = options.delayMs ?? 0.05;
    this.jitterMs = options.jitterMs ?? 0;
    this.bytesPerSec = options.bytesPerSec;
    this.#random = random;
  }

  get flows(): boolean {
    return this.#condition === 'flowing';
  }

  get losesResets(): boolean {
    return this.#condition === 'blackholed';
  }

  clog(): void {
    this.#condition = 'clogged';
  }

  blackhole(): void {
    this.#condition = 'blackholed';
  }

  heal(): void {
    this.#condition = 'flowing';
    const users = [...this.#waiting];
    this.#waiting.clear();
    for (const user of users) user.released();
  }

  /** `released` is called once when the lane flows again. */
  waitForHeal(user: LaneUser): void {
    this.#waiting.add(user);
  }

  /** Instant at which so many bytes will have been put on the lane, after all that was put on it before. */
  occupy(bytes: number, nowUs: number): number {
    if (this.bytesPerSec === undefined) return nowUs;
    const startUs = Math.max(nowUs, this.#busyUntilUs);
    this.#busyUntilUs = startUs + Math.ceil((bytes / this.bytesPerSec) * 1_000_000);
    return this.#busyUntilUs;
  }

  /** Time that the next segment takes from one end to the other. */
  drawDelayUs(): number {
    const jitterMs = this.jitterMs > 0 ? this.jitterMs * this.#random.next() : 0;
    return Math.ceil((this.delayMs + jitterMs) * 1000);
  }
}

/** A client's network: what it sends goes up, what it gets comes down. */
export interface Path {
  readonly up: Lane;
  readonly down: Lane;
}
