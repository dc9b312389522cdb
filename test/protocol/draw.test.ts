import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { integerBelow, pick, sample } from '../../src/protocol/draw.ts';
import { randomStreams } from '../../src/world/random.ts';

describe('draws', () => {
  const random = randomStreams(5)('draws');

  it('integerBelow gives each integer below n and no other', () => {
    const drawn = new Set(Array.from({ length: 500 }, () => integerBelow(random, 6)));
    expect([...drawn].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('pick refuses an empty list', () => {
    expect(pick(random, ['only'])).toBe('only');
    expect(() => pick(random, [])).toThrow(RangeError);
  });

  it('sample in full keeps the items and leaves the original alone', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.nat(), (items, seed) => {
        const before = items.slice();
        const drawn = sample(randomStreams(seed)('sample'), items, items.length);
        expect(items).toEqual(before);
        expect(drawn.toSorted((a, b) => a - b)).toEqual(before.toSorted((a, b) => a - b));
      }),
    );
  });

  it('sample gives different items, as many as asked or as there are', () => {
    const items = Array.from({ length: 10 }, (_, index) => index);
    expect(new Set(sample(random, items, 4)).size).toBe(4);
    expect(sample(random, items, 99)).toHaveLength(10);
    expect(sample(random, items, 0)).toEqual([]);
  });

  it('sample picks each item equally often', () => {
    const counts = [0, 0, 0, 0, 0];
    for (let round = 0; round < 10_000; round++) {
      for (const index of sample(random, [0, 1, 2, 3, 4], 2)) counts[index] = (counts[index] ?? 0) + 1;
    }
    // Mean 4000, standard deviation 49; five of them.
    for (const count of counts) expect(Math.abs(count - 4000)).toBeLessThan(245);
  });
});
