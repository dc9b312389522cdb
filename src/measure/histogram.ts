import {
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  Int32Histogram,
  JsHistogram,
} from 'hdr-histogram-js';

/**
 * A histogram of latencies in whole microseconds, 1 µs to 10 minutes, with three significant digits.
 *
 * The counts have the layout of HdrHistogram: below 2048 µs each value has its own cell, above that each doubling has
 * 1024 cells. Recording is done here with integer arithmetic, because the library's own `recordValue` takes
 * logarithms and is an order of magnitude slower; the library encodes and decodes, so that any other HdrHistogram
 * tool reads the files.
 */

/** Longer latencies are recorded as this value. */
export const HISTOGRAM_US_MAX = 600_000_000;

const SIGNIFICANT_DIGITS = 3;
const HALF_BITS = 10;
const HALF_CELLS = 1 << HALF_BITS;
const NO_CELLS = new Uint32Array(0);

/** A histogram as written to a result file; all values in µs, all 0 when nothing was recorded. */
export interface LatencySummary {
  readonly unit: 'us';
  readonly count: number;
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly mean: number;
  /** HdrHistogram V2, compressed, base64. */
  readonly hdr: string;
}

export class Histogram {
  /** Grown on demand, since many histograms stay empty. */
  #cells = NO_CELLS;
  #count = 0;
  #sumUs = 0;
  #minUs = Number.POSITIVE_INFINITY;
  #maxUs = 0;

  /** Adds one latency; a value out of range is clamped to it. */
  record(us: number): void {
    this.recordMany(us, 1);
  }

  recordMany(us: number, times: number): void {
    const value = us >= 1 ? (us > HISTOGRAM_US_MAX ? HISTOGRAM_US_MAX : Math.floor(us)) : 1;
    const cell = cellOf(value);
    if (cell >= this.#cells.length) this.#grow(cell + 1);
    this.#cells[cell] = (this.#cells[cell] ?? 0) + times;
    this.#count += times;
    this.#sumUs += value * times;
    if (value < this.#minUs) this.#minUs = value;
    if (value > this.#maxUs) this.#maxUs = value;
  }

  get count(): number {
    return this.#count;
  }

  /** Smallest latency recorded, exactly; 0 when empty. */
  get minUs(): number {
    return this.#count === 0 ? 0 : this.#minUs;
  }

  /** Largest latency recorded, exactly; 0 when empty. */
  get maxUs(): number {
    return this.#maxUs;
  }

  get meanUs(): number {
    return this.#count === 0 ? 0 : this.#sumUs / this.#count;
  }

  /** Adds all of `other`, which is not changed. */
  merge(other: Histogram): void {
    if (other.#count === 0) return;
    if (other.#cells.length > this.#cells.length) this.#grow(other.#cells.length);
    for (let cell = 0; cell < other.#cells.length; cell += 1) {
      const times = other.#cells[cell] ?? 0;
      if (times > 0) this.#cells[cell] = (this.#cells[cell] ?? 0) + times;
    }
    this.#count += other.#count;
    this.#sumUs += other.#sumUs;
    this.#minUs = Math.min(this.#minUs, other.#minUs);
    this.#maxUs = Math.max(this.#maxUs, other.#maxUs);
  }

  /**
   * The latency that a share of all latencies does not exceed.
   *
   * @param share - 0..1
   * @returns µs, at most 0.1 % too high, never above the maximum; 0 when empty
   */
  quantile(share: number): number {
    if (this.#count === 0) return 0;
    // Rounding may put the product of a share and a count just above the intended whole number.
    const wanted = Math.max(1, Math.ceil(share * this.#count * (1 - 1e-12)));
    let seen = 0;
    for (let cell = 0; cell < this.#cells.length; cell += 1) {
      seen += this.#cells[cell] ?? 0;
      if (seen >= wanted) return Math.min(this.#maxUs, Math.max(this.#minUs, highestIn(cell)));
    }
    return this.#maxUs;
  }

  /** Visits all non-empty cells in ascending order. */
  forEach(visit: (cell: { lowestUs: number; highestUs: number; count: number }) => void): void {
    this.#cells.forEach((count, cell) => {
      if (count > 0) visit({ lowestUs: lowestIn(cell), highestUs: highestIn(cell), count });
    });
  }

  encode(): string {
    const out = new Int32Histogram(1, Math.max(2, this.#maxUs), SIGNIFICANT_DIGITS);
    this.forEach(({ lowestUs, count }) => {
      out.recordValueWithCount(lowestUs, count);
    });
    return encodeIntoCompressedBase64(out);
  }

  /**
   * @param hdr - output of `encode`; minimum, maximum and mean are restored with three digits
   * @throws {Error} when it is not an HdrHistogram of three digits
   */
  static decode(hdr: string): Histogram {
    const source = parseHdr(hdr);
    if (!(source instanceof JsHistogram) || source.numberOfSignificantValueDigits !== SIGNIFICANT_DIGITS) {
      throw new Error(
        `Cannot read the histogram: it has ${source.numberOfSignificantValueDigits} significant digits, ${SIGNIFICANT_DIGITS} are wanted`,
      );
    }
    const histogram = new Histogram();
    for (let index = 0; index < source.countsArrayLength; index += 1) {
      const times = source.getCountAtIndex(index);
      if (times > 0) histogram.recordMany(source.valueFromIndex(index), times);
    }
    return histogram;
  }

  /** Restores a histogram from a result file or another process, including the exact minimum and maximum. */
  static fromSummary(summary: LatencySummary): Histogram {
    const histogram = Histogram.decode(summary.hdr);
    if (histogram.#count > 0) {
      histogram.#minUs = summary.min;
      histogram.#maxUs = summary.max;
      histogram.#sumUs = summary.mean * histogram.#count;
    }
    return histogram;
  }

  summarise(): LatencySummary {
    return {
      unit: 'us',
      count: this.#count,
      min: this.minUs,
      p50: this.quantile(0.5),
      p90: this.quantile(0.9),
      p99: this.quantile(0.99),
      p999: this.quantile(0.999),
      max: this.#maxUs,
      mean: this.meanUs,
      hdr: this.encode(),
    };
  }

  #grow(cells: number): void {
    const grown = new Uint32Array(Math.ceil(cells / HALF_CELLS) * HALF_CELLS);
    grown.set(this.#cells);
    this.#cells = grown;
  }
}

function parseHdr(hdr: string): ReturnType<typeof decodeFromCompressedBase64> {
  try {
    return decodeFromCompressedBase64(hdr);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot read the histogram: ${detail}, a compressed HdrHistogram in base64 is wanted`);
  }
}

/** @param us - a whole number from 1 to HISTOGRAM_US_MAX, so that it fits 32 bits */
function cellOf(us: number): number {
  const doublings = Math.max(0, 31 - Math.clz32(us) - HALF_BITS);
  return (doublings << HALF_BITS) + (us >>> doublings);
}

function lowestIn(cell: number): number {
  if (cell < 2 * HALF_CELLS) return cell;
  const doublings = (cell >>> HALF_BITS) - 1;
  return ((cell & (HALF_CELLS - 1)) + HALF_CELLS) * 2 ** doublings;
}

function highestIn(cell: number): number {
  return lowestIn(cell + 1) - 1;
}
