import { Float64Histogram } from 'hdr-histogram-js';
import { Trend } from './trend.ts';

/**
 * A quantity over time in bounded memory, such as the depth of an outbox or the bytes in a socket buffer.
 *
 * The curve is kept as the largest value of each of at most 512 equal spans; when the run outgrows them, neighbours
 * are merged and the spans double. Merging keeps the peaks. Quantiles come from a histogram with three significant
 * digits; everything else is exact.
 */

const SPANS_MAX = 512;
const POINTS_MAX = 60;
const FIRST_SPAN_US = 1000;
const SIGNIFICANT_DIGITS = 3;

interface SeriesOptions {
  readonly name: string;
  /** Unit of the values: `messages`, `bytes`, `us`, … */
  readonly unit: string;
  /** Value above which time counts as over the warning. */
  readonly warning?: number;
  /** Smallest difference that quantiles show; absent: 1. */
  readonly precision?: number;
}

export interface SeriesPoint {
  readonly atMs: number;
  readonly value: number;
}

/** A series as written to a result file. */
export interface SeriesSummary {
  readonly unit: string;
  /** Samples. */
  readonly count: number;
  readonly min: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly final: number;
  readonly warning?: number | undefined;
  /** Share of the time, 0..1, spent above `warning`; 0 without one. */
  readonly overWarning: number;
  /** Change per second over load, as a straight line through the samples, and its standard error. */
  readonly slopePerSec: number;
  readonly slopeError: number;
  /** At most 60, in order; each is the maximum of its span. */
  readonly points: readonly SeriesPoint[];
}

export class Series {
  readonly name: string;
  readonly #unit: string;
  readonly #warning: number | undefined;
  readonly #precision: number;
  /** NaN where a span has no sample. */
  readonly #spans = new Float64Array(SPANS_MAX).fill(Number.NaN);
  readonly #samples = new Float64Histogram(1, 2, SIGNIFICANT_DIGITS);
  /** So many times the latest value came in a row and is not in the histogram yet: most samples repeat. */
  #unrecorded = 0;
  #spanUs = FIRST_SPAN_US;
  #count = 0;
  #firstUs = 0;
  #lastUs = 0;
  #final = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #overUs = 0;
  #trend = new Trend();
  #trendEnded = false;

  constructor({ name, unit, warning, precision = 1 }: SeriesOptions) {
    this.name = name;
    this.#precision = precision;
    this.#unit = unit;
    this.#warning = warning;
    this.#samples.autoResize = true;
  }

  get count(): number {
    return this.#count;
  }

  /** The latest value; 0 before the first sample. */
  get final(): number {
    return this.#final;
  }

  /** Starts the slope: earlier samples belong to warm-up. */
  startTrend(): void {
    this.#trend = new Trend();
  }

  /** Ends the slope: later samples are not part of load. */
  endTrend(): void {
    this.#trendEnded = true;
  }

  /**
   * Adds a sample, which holds until the next one.
   *
   * @param atUs - an instant before that of the last sample counts as the same instant
   * @param value - not negative
   */
  add(atUs: number, value: number): void {
    const nowUs = this.#count === 0 ? atUs : Math.max(atUs, this.#lastUs);
    if (this.#count === 0) this.#firstUs = nowUs;
    else if (this.#isOver(this.#final)) this.#overUs += nowUs - this.#lastUs;
    if (value !== this.#final) this.#record();
    this.#unrecorded += 1;
    this.#keep(nowUs - this.#firstUs, value);
    if (!this.#trendEnded) this.#trend.add(nowUs / 1e6, value);
    this.#count += 1;
    this.#lastUs = nowUs;
    this.#final = value;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  /** @param originUs - instant from which the points count; absent: that of the first sample */
  summarise(originUs: number = this.#firstUs): SeriesSummary {
    const empty = this.#count === 0;
    return {
      unit: this.#unit,
      count: this.#count,
      min: empty ? 0 : this.#min,
      p50: this.#quantile(50),
      p99: this.#quantile(99),
      max: empty ? 0 : this.#max,
      final: this.#final,
      ...(this.#warning === undefined ? {} : { warning: this.#warning }),
      overWarning: this.#overWarning(),
      slopePerSec: this.#trend.slope,
      slopeError: this.#trend.slopeError,
      points: empty ? [] : this.#points(this.#firstUs - originUs),
    };
  }

  #record(): void {
    if (this.#unrecorded > 0)
      this.#samples.recordValueWithCount(
        Math.max(0, Math.round(this.#final / this.#precision)),
        this.#unrecorded,
      );
    this.#unrecorded = 0;
  }

  #isOver(value: number): boolean {
    return this.#warning !== undefined && value > this.#warning;
  }

  #overWarning(): number {
    const wholeUs = this.#lastUs - this.#firstUs;
    if (wholeUs > 0) return this.#overUs / wholeUs;
    return this.#count > 0 && this.#isOver(this.#final) ? 1 : 0;
  }

  #quantile(percent: number): number {
    if (this.#count === 0) return 0;
    this.#record();
    const value = this.#samples.getValueAtPercentile(percent) * this.#precision;
    return Math.min(this.#max, Math.max(this.#min, value));
  }

  #keep(offsetUs: number, value: number): void {
    while (offsetUs >= this.#spanUs * SPANS_MAX) this.#joinNeighbours();
    const span = Math.floor(offsetUs / this.#spanUs);
    this.#spans[span] = larger(this.#spans[span], value);
  }

  #joinNeighbours(): void {
    for (let span = 0; span < SPANS_MAX / 2; span += 1) {
      this.#spans[span] = larger(this.#spans[2 * span], this.#spans[2 * span + 1]);
    }
    this.#spans.fill(Number.NaN, SPANS_MAX / 2);
    this.#spanUs *= 2;
  }

  #points(shiftUs: number): SeriesPoint[] {
    const used = Math.floor((this.#lastUs - this.#firstUs) / this.#spanUs) + 1;
    const step = Math.ceil(used / POINTS_MAX);
    const points: SeriesPoint[] = [];
    for (let from = 0; from < used; from += step) {
      const value = this.#spans.subarray(from, Math.min(used, from + step)).reduce(larger, Number.NaN);
      if (!Number.isNaN(value)) points.push({ atMs: (shiftUs + from * this.#spanUs) / 1000, value });
    }
    return points;
  }
}

/** The larger of two values of which either may be missing (NaN). */
function larger(a: number | undefined, b: number | undefined): number {
  if (a === undefined || Number.isNaN(a)) return b ?? Number.NaN;
  if (b === undefined || Number.isNaN(b)) return a;
  return Math.max(a, b);
}
