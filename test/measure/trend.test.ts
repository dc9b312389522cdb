import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Trend } from '../../src/measure/trend.ts';

describe('trend', () => {
  it('finds the slope of a line exactly, whatever its origin', () => {
    const line = fc.record({
      slope: fc.integer({ min: -1000, max: 1000 }),
      x0: fc.integer({ min: 0, max: 1e9 }),
      y0: fc.integer({ min: 0, max: 1e9 }),
    });
    fc.assert(
      fc.property(line, ({ slope, x0, y0 }) => {
        const trend = new Trend();
        for (let i = 0; i < 50; i += 1) trend.add(x0 + i, y0 + slope * i);
        expect(trend.slope).toBeCloseTo(slope, 6);
        expect(trend.slopeError).toBeCloseTo(0, 3);
      }),
    );
  });

  it('has an error as large as the noise allows', () => {
    const trend = new Trend();
    // Residuals of +1 and -1 in turn around a flat line of 100 points: s = sqrt(100/98), Sxx = 83 325.
    for (let i = 0; i < 100; i += 1) trend.add(i, i % 2 === 0 ? 1 : -1);
    expect(Math.abs(trend.slope)).toBeLessThan(0.001);
    expect(trend.slopeError).toBeCloseTo(Math.sqrt(100 / 98 / 83_325), 4);
  });

  it('says nothing about too few samples', () => {
    const trend = new Trend();
    expect([trend.slope, trend.slopeError]).toEqual([0, 0]);
    trend.add(5, 5);
    trend.add(5, 9);
    expect([trend.slope, trend.slopeError]).toEqual([0, 0]);
  });
});
