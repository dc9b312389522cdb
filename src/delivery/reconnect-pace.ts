/** How long a client waits between attempts to connect: exponential, from the first wait to the longest. */
export interface ReconnectPolicy {
  readonly minMs: number;
  readonly maxMs: number;
  /** `full`: each wait is uniform between 0 and the backoff. */
  readonly jitter: 'none' | 'full';
}

/** A series of failed attempts to connect, and the total time that the client waited between them. */
export interface MissingBackoff {
  readonly waits: number;
  readonly waitedUs: number;
  /** The longest waits that the policy allows. */
  readonly backoffUs: number;
  readonly atUs: number;
}

/** Timers of a loaded process are late, and never early by more than rounding. */
const WAITED_RATIO_MIN = 0.9;
/** Anything less likely than this is not attributed to chance: a run has up to some million series. */
const LOG_CHANCE_MIN = Math.log(1e-12);
const DOUBLINGS_MAX = 30;

/**
 * Checks that a client that fails to connect backs off as configured.
 *
 * With full jitter a single wait proves nothing. But the probability that `n` waits, uniform between 0 and their
 * backoffs, take `T` together is at most `T^n / (n! * product of the backoffs)`: the part of the box of all waits
 * that lies below a plane. The backoff is missing when that probability is below a limit.
 *
 * Only waits after a failed attempt count: at the end of a working connection, a server may have told the client when
 * to come back.
 */
export class ReconnectPace {
  readonly #policy: ReconnectPolicy;
  #attempting = false;
  #failedUs = -1;
  #waits = 0;
  #waitedUs = 0;
  #backoffUs = 0;
  /** Logarithm of `n!` times the product of the backoffs, in µs. */
  #logBox = 0;
  #missing: MissingBackoff | undefined;

  constructor(policy: ReconnectPolicy) {
    this.#policy = policy;
  }

  /** The last series that was too short; undefined when there was none. */
  get missingBackoff(): MissingBackoff | undefined {
    return this.#missing;
  }

  connecting(atUs: number): void {
    this.#attempting = true;
    if (this.#failedUs >= 0) this.#waited(atUs - this.#failedUs, atUs);
  }

  welcomed(): void {
    this.forgive();
    this.#attempting = false;
  }

  closed(atUs: number): void {
    if (this.#attempting) this.#failedUs = atUs;
    this.#attempting = false;
  }

  /** The next wait is decided by a fault or the server, so it does not count. */
  forgive(): void {
    this.#failedUs = -1;
    this.#waits = 0;
    this.#waitedUs = 0;
    this.#backoffUs = 0;
    this.#logBox = 0;
  }

  #waited(forUs: number, atUs: number): void {
    const { minMs, maxMs, jitter } = this.#policy;
    if (minMs === 0) return;
    const backoffUs = Math.min(maxMs, minMs * 2 ** Math.min(this.#waits, DOUBLINGS_MAX)) * 1000;
    this.#waits += 1;
    this.#waitedUs += forUs;
    this.#backoffUs += backoffUs;
    this.#logBox += Math.log(this.#waits) + Math.log(backoffUs);
    const logChance = this.#waits * Math.log(Math.max(1, this.#waitedUs)) - this.#logBox;
    const tooFast =
      jitter === 'none' ? this.#waitedUs < this.#backoffUs * WAITED_RATIO_MIN : logChance < LOG_CHANCE_MIN;
    if (!tooFast) return;
    this.#missing = { waits: this.#waits, waitedUs: this.#waitedUs, backoffUs: this.#backoffUs, atUs };
  }
}
