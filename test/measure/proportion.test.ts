import { describe, expect, it } from 'vitest';
import { proportionOf } from '../../src/measure/proportion.ts';

describe('proportionOf', () => {
  // Without a correction for continuity.
  it.each([
    [0, 10, 0, 0, 0.27753],
    [1, 10, 0.1, 0.01788, 0.40415],
    [5, 10, 0.5, 0.23659, 0.76341],
    [10, 10, 1, 0.72247, 1],
    [3, 100, 0.03, 0.01025, 0.08452],
  ])('gives the interval of %i in %i', (successes, samples, share, low, high) => {
    const proportion = proportionOf(successes, samples);
    expect(proportion.share).toBe(share);
    expect(proportion.low).toBeCloseTo(low, 4);
    expect(proportion.high).toBeCloseTo(high, 4);
  });
});
