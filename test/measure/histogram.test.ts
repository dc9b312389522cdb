import fc from 'fast-check';
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { HISTOGRAM_US_MAX, Histogram } from '../../src/measure/histogram.ts';

const latencies = fc.array(fc.integer({ min: 1, max: HISTOGRAM_US_MAX }), { minLength: 1, maxLength: 200 });

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const us of values) histogram.record(us);
  return histogram;
}

describe('Histogram', () => {
  it('is all zeros and still has an encoded form when nothing was recorded', () => {
    const summary = new Histogram().summarise();
    expect(summary).toMatchObject({ unit: 'us', count: 0, min: 0, p50: 0, p99: 0, max: 0, mean: 0 });
    expect(Histogram.decode(summary.hdr).count).toBe(0);
  });

  it('gives a single value back as every quantile', () => {
    const summary = histogramOf([123_457]).summarise();
    expect(summary).toMatchObject({
      count: 1,
      min: 123_457,
      p50: 123_457,
      p999: 123_457,
      max: 123_457,
      mean: 123_457,
    });
  });

  it('puts the quantiles of 1 to 1000 where they belong', () => {
    const summary = histogramOf(Array.from({ length: 1000 }, (_, index) => index + 1)).summarise();
    expect(summary).toMatchObject({ p50: 500, p90: 900, p99: 990, p999: 999, max: 1000, mean: 500.5 });
  });

  it('clamps what lies outside of its range', () => {
    const histogram = histogramOf([-5, 0, HISTOGRAM_US_MAX * 4]);
    expect([histogram.minUs, histogram.maxUs, histogram.count]).toEqual([1, HISTOGRAM_US_MAX, 3]);
  });

  it('stays within 0.1 % above the exact quantile, for any values', () => {
    fc.assert(
      fc.property(latencies, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(share * values.length * (1 - 1e-12)) - 1)] ?? 0;
        const told = histogramOf(values).quantile(share);
        expect(told).toBeGreaterThanOrEqual(exact);
        expect(told).toBeLessThanOrEqual(exact * 1.001);
      }),
    );
  });

  it('merges into what one histogram of all values would be', () => {
    fc.assert(
      fc.property(latencies, latencies, (left, right) => {
        const merged = histogramOf(left);
        merged.merge(histogramOf(right));
        expect(merged.summarise()).toEqual(histogramOf([...left, ...right]).summarise());
      }),
    );
  });

  it('is unchanged by merging an empty one', () => {
    const histogram = histogramOf([7, 9]);
    const before = histogram.summarise();
    histogram.merge(new Histogram());
    expect(histogram.summarise()).toEqual(before);
  });

  it('comes back exactly from its summary', () => {
    fc.assert(
      fc.property(latencies, (values) => {
        const summary = histogramOf(values).summarise();
        const back = Histogram.fromSummary(summary).summarise();
        expect(back).toEqual({ ...summary, mean: back.mean });
        expect(back.mean).toBeCloseTo(summary.mean, 3);
      }),
    );
  });

  it('writes what the HdrHistogram library reads, with the same counts', () => {
    fc.assert(
      fc.property(latencies, (values) => {
        const histogram = histogramOf(values);
        const library = decodeFromCompressedBase64(histogram.encode());
        expect(library.totalCount).toBe(values.length);
        for (const percent of [50, 90, 99]) {
          expect(Math.min(histogram.maxUs, library.getValueAtPercentile(percent))).toBe(
            histogram.quantile(percent / 100),
          );
        }
      }),
    );
  });

  it('refuses a histogram of another precision', () => {
    const coarse = build({ numberOfSignificantValueDigits: 1 });
    coarse.recordValue(5);
    const encoded = encodeIntoCompressedBase64(coarse);
    expect(() => Histogram.decode(encoded)).toThrow('it has 1 significant digits, 3 are wanted');
  });

  it.each(['', 'no base64!', 'HISTFAAA'])('refuses %j, which is no histogram', (text) => {
    expect(() => Histogram.decode(text)).toThrow(/^Cannot read the histogram: .*is wanted$/);
  });

  it('visits every recorded value in a cell that contains it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: HISTOGRAM_US_MAX }), (us) => {
        histogramOf([us]).forEach((cell) => {
          expect(cell.lowestUs).toBeLessThanOrEqual(us);
          expect(cell.highestUs).toBeGreaterThanOrEqual(us);
          expect(cell.count).toBe(1);
        });
      }),
    );
  });
});
