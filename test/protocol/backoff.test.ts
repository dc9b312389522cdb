import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../src/protocol/backoff.ts';
import { randomStreams } from '../../src/world/random.ts';

const random = randomStreams(1)('backoff');

describe('backoff', () => {
  it('doubles from the minimum to the maximum without jitter', () => {
    const policy = { minMs: 100, maxMs: 1000, jitter: 'none' as const };
    expect([1, 2, 3, 4, 5, 6].map((attempt) => backoffMs(policy, attempt, random))).toEqual([
      100, 200, 400, 800, 1000, 1000,
    ]);
  });

  it('is uniform below the doubled wait with full jitter', () => {
    const policy = { minMs: 100, maxMs: 10_000, jitter: 'full' as const };
    const waits = Array.from({ length: 2000 }, () => backoffMs(policy, 3, random));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...waits)).toBeLessThan(400);
    const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length;
    // Uniform over 400 ms: the mean of 2000 has a standard deviation of 2.6 ms.
    expect(Math.abs(mean - 200)).toBeLessThan(15);
  });

  it('stays finite and within its bounds for any attempt', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 1_000_000 }), (attempt, minMs) => {
        const waitMs = backoffMs({ minMs, maxMs: minMs * 50, jitter: 'none' }, attempt, random);
        expect(waitMs).toBeGreaterThanOrEqual(minMs);
        expect(waitMs).toBeLessThanOrEqual(minMs * 50);
      }),
    );
  });
});
