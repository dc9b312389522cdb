import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Series } from '../../src/measure/series.ts';

const samples = fc.array(
  fc.record({
    gapUs: fc.integer({ min: 0, max: 3_000_000 }),
    value: fc.integer({ min: 0, max: 1_000_000_000 }),
  }),
  { minLength: 1, maxLength: 300 },
);

describe('Series', () => {
  it('is all zeros without a sample', () => {
    const summary = new Series({ name: 'outbox.pending', unit: 'messages', warning: 5 }).summarise();
    expect(summary).toEqual({
      unit: 'messages',
      count: 0,
      min: 0,
      p50: 0,
      p99: 0,
      max: 0,
      final: 0,
      warning: 5,
      overWarning: 0,
      slopePerSec: 0,
      slopeError: 0,
      points: [],
    });
  });

  it('weighs the time over the warning, not the samples', () => {
    const series = new Series({ name: 'outbox.pending', unit: 'messages', warning: 10 });
    series.add(0, 0);
    series.add(1_000_000, 11);
    series.add(1_250_000, 10);
    for (let ms = 1300; ms <= 2000; ms += 50) series.add(ms * 1000, 3);
    expect(series.summarise().overWarning).toBe(0.125);
  });

  it('is wholly over the warning when its only sample is', () => {
    const series = new Series({ name: 'buffer.max', unit: 'bytes', warning: 10 });
    series.add(5, 11);
    expect(series.summarise().overWarning).toBe(1);
  });

  it('counts its points from the origin it is given', () => {
    const series = new Series({ name: 'rss', unit: 'bytes' });
    series.add(5_000_000, 1);
    series.add(7_000_000, 2);
    const [first, second] = series.summarise(6_000_000).points;
    expect(first).toEqual({ atMs: -1000, value: 1 });
    // A point lies where its stretch of time begins, and 60 stretches share two seconds.
    expect(second?.atMs).toBeGreaterThan(1000 - 2 * 34);
    expect(second?.atMs).toBeLessThanOrEqual(1000);
  });

  it('takes a sample from the past as one of now', () => {
    const series = new Series({ name: 'rss', unit: 'bytes', warning: 1 });
    series.add(1000, 2);
    series.add(500, 3);
    expect(series.summarise()).toMatchObject({ count: 2, final: 3, overWarning: 1 });
  });

  it('keeps a short peak through an hour of samples', () => {
    const series = new Series({ name: 'outbox.pending', unit: 'messages' });
    for (let second = 0; second <= 3600; second += 1)
      series.add(second * 1_000_000, second === 1234 ? 999 : 1);
    const { points, p50, max } = series.summarise();
    expect(points.length).toBeLessThanOrEqual(60);
    expect(points.filter((point) => point.value === 999)).toHaveLength(1);
    const peakMs = points.find((point) => point.value === 999)?.atMs ?? 0;
    // A point stands for the stretch that begins at it, and 60 points share an hour.
    expect(Math.abs(peakMs - 1_234_000)).toBeLessThan(150_000);
    expect([p50, max]).toEqual([1, 999]);
  });

  it('has exact extremes, ordered points that include the maximum, and quantiles within 0.1 %, for any samples', () => {
    fc.assert(
      fc.property(samples, (gaps) => {
        const series = new Series({ name: 'buffer.total', unit: 'bytes', warning: 1000 });
        let nowUs = 0;
        for (const { gapUs, value } of gaps) {
          nowUs += gapUs;
          series.add(nowUs, value);
        }
        const sorted = gaps.map(({ value }) => value).toSorted((a, b) => a - b);
        const summary = series.summarise();
        expect([summary.min, summary.max, summary.count]).toEqual([sorted[0], sorted.at(-1), gaps.length]);
        expect(summary.final).toBe(gaps.at(-1)?.value);
        expect(summary.points.length).toBeLessThanOrEqual(60);
        expect(Math.max(...summary.points.map(({ value }) => value))).toBe(summary.max);
        summary.points.slice(1).forEach((point, index) => {
          expect(point.atMs).toBeGreaterThan(summary.points[index]?.atMs ?? Number.POSITIVE_INFINITY);
        });
        const median = sorted[Math.ceil(gaps.length / 2) - 1] ?? 0;
        expect(Math.abs(summary.p50 - median)).toBeLessThanOrEqual(Math.max(1, median * 0.001));
        expect(summary.overWarning).toBeGreaterThanOrEqual(0);
        expect(summary.overWarning).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('tells the slope of what was added over load, and of nothing before or after', () => {
    const series = new Series({ name: 'rss', unit: 'bytes' });
    for (let second = 0; second < 10; second += 1) series.add(second * 1e6, 1e6 * second);
    series.startTrend();
    for (let second = 10; second < 40; second += 1) series.add(second * 1e6, 500 + 3 * second);
    series.endTrend();
    series.add(41e6, 1e9);
    const { slopePerSec, slopeError } = series.summarise();
    expect(slopePerSec).toBeCloseTo(3, 6);
    expect(slopeError).toBeCloseTo(0, 6);
  });
});
