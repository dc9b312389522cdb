import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HISTOGRAM_US_MAX, Histogram } from '../../src/measure/histogram.ts';
import { logBuckets } from '../../src/measure/log-buckets.ts';

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const us of values) histogram.record(us);
  return histogram;
}

describe('logBuckets', () => {
  it('has no bars for an empty histogram', () => {
    expect(logBuckets(new Histogram(), 12)).toEqual([]);
  });

  it('takes the finest round ladder that fits', () => {
    const bars = logBuckets(histogramOf([200, 900, 60_000]), 10);
    expect(bars.map((bar) => bar.fromUs)).toEqual([200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000]);
    expect(bars.map((bar) => bar.count)).toEqual([1, 1, 0, 0, 0, 0, 0, 1]);
  });

  it('is never one bar only when values differ a little', () => {
    expect(logBuckets(histogramOf([1010, 1490]), 12).length).toBeGreaterThan(3);
  });

  it('loses no value, leaves no hole and keeps to the limit, for any values', () => {
    const values = fc.array(fc.integer({ min: 1, max: HISTOGRAM_US_MAX }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(values, fc.integer({ min: 10, max: 30 }), (latencies, barsMax) => {
        const bars = logBuckets(histogramOf(latencies), barsMax);
        expect(bars.length).toBeLessThanOrEqual(barsMax);
        expect(bars.reduce((sum, bar) => sum + bar.count, 0)).toBe(latencies.length);
        bars.slice(1).forEach((bar, index) => {
          expect(bar.fromUs).toBe(bars[index]?.toUs);
        });
      }),
    );
  });
});
