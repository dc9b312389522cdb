import type { Clock } from '../../protocol/ports.ts';
import { FAILURE_KINDS, type FailureKind } from './failure.ts';

const BUCKETS = 60;
const SENT = 0;
const LATENCY_US = 1;
const LATENCIES = 2;
const FIRST_FAILURE = 3;
const COLUMNS = FIRST_FAILURE + FAILURE_KINDS.length;

/** How broadcasting went over the window. Without an attempt nothing has failed, and nothing has succeeded. */
export interface MetricsSummary {
  readonly windowMs: number;
  readonly sent: number;
  readonly failed: number;
  /** Of all attempts, 0..1; undefined without one. */
  readonly successRatio: number | undefined;
  readonly failureRatio: number | undefined;
  /** Undefined when none was measured. */
  readonly latencyMeanUs: number | undefined;
  readonly failures: Readonly<Record<FailureKind, number>>;
}

/**
 * Sends, failures by kind and latency over a sliding window of sixty buckets.
 *
 * A send only counts up: the clock is asked when something fails or somebody looks, which is often compared with
 * the width of a bucket.
 */
export class BroadcastMetrics {
  readonly #windowMs: number;
  readonly #bucketUs: number;
  readonly #clock: Clock;
  readonly #cells = new Float64Array(BUCKETS * COLUMNS);
  readonly #totals = new Float64Array(COLUMNS);
  #bucket = 0;
  /** Not in a bucket yet. */
  #sent = 0;
  #latencyUs = 0;
  #latencies = 0;

  constructor(options: { readonly windowMs: number; readonly clock: Clock }) {
    this.#windowMs = options.windowMs;
    this.#bucketUs = Math.max(1, (options.windowMs * 1000) / BUCKETS);
    this.#clock = options.clock;
  }

  sent(): void {
    this.#sent += 1;
  }

  took(latencyUs: number): void {
    this.#latencyUs += latencyUs;
    this.#latencies += 1;
  }

  failed(kind: FailureKind, count = 1): void {
    this.#turn();
    this.#add(FIRST_FAILURE + FAILURE_KINDS.indexOf(kind), count);
  }

  get attempts(): number {
    this.#turn();
    return this.#total(SENT) + this.#failures();
  }

  /** 0..1; 0 without an attempt. */
  get failureRatio(): number {
    const { attempts } = this;
    return attempts === 0 ? 0 : this.#failures() / attempts;
  }

  /** Undefined when none was measured. */
  get latencyMeanUs(): number | undefined {
    this.#turn();
    const latencies = this.#total(LATENCIES);
    return latencies === 0 ? undefined : this.#total(LATENCY_US) / latencies;
  }

  summary(): MetricsSummary {
    const { attempts } = this;
    const failed = this.#failures();
    return {
      windowMs: this.#windowMs,
      sent: this.#total(SENT),
      failed,
      successRatio: attempts === 0 ? undefined : this.#total(SENT) / attempts,
      failureRatio: attempts === 0 ? undefined : failed / attempts,
      latencyMeanUs: this.latencyMeanUs,
      failures: Object.fromEntries(
        FAILURE_KINDS.map((kind, index) => [kind, this.#total(FIRST_FAILURE + index)]),
      ) as Record<FailureKind, number>,
    };
  }

  #failures(): number {
    let sum = 0;
    for (let column = FIRST_FAILURE; column < COLUMNS; column += 1) sum += this.#total(column);
    return sum;
  }

  #total(column: number): number {
    return this.#totals[column] ?? 0;
  }

  /** Forgets the buckets that have left the window, and puts into the present one what was counted since. */
  #turn(): void {
    const bucket = Math.floor(this.#clock.nowUs() / this.#bucketUs);
    if (bucket - this.#bucket >= BUCKETS) {
      this.#cells.fill(0);
      this.#totals.fill(0);
      this.#bucket = bucket;
    }
    while (this.#bucket < bucket) {
      this.#bucket += 1;
      this.#clear(this.#bucket % BUCKETS);
    }
    this.#add(SENT, this.#sent);
    this.#add(LATENCY_US, this.#latencyUs);
    this.#add(LATENCIES, this.#latencies);
    this.#sent = 0;
    this.#latencyUs = 0;
    this.#latencies = 0;
  }

  #clear(slot: number): void {
    for (let column = 0; column < COLUMNS; column += 1) {
      const cell = slot * COLUMNS + column;
      this.#totals[column] = this.#total(column) - (this.#cells[cell] ?? 0);
      this.#cells[cell] = 0;
    }
  }

  #add(column: number, count: number): void {
    const cell = (this.#bucket % BUCKETS) * COLUMNS + column;
    this.#cells[cell] = (this.#cells[cell] ?? 0) + count;
    this.#totals[column] = this.#total(column) + count;
  }
}
