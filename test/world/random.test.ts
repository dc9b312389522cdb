import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  exponential,
  integerBelow,
  newIdFrom,
  pick,
  randomStreams,
  sample,
  shuffle,
} from '../../src/world/random.ts';

function numbers(seed: number, name: string, count: number): number[] {
  const random = randomStreams(seed)(name);
  return Array.from({ length: count }, () => random.next());
}

describe('random stream', () => {
  it('repeats itself for the same seed and name', () => {
    expect(numbers(7, 'faults', 50)).toEqual(numbers(7, 'faults', 50));
  });

  it('differs for another seed or another name, however close', () => {
    const drawn = [numbers(7, 'a', 4), numbers(8, 'a', 4), numbers(7, 'b', 4), numbers(7 + 2 ** 32, 'a', 4)];
    expect(new Set(drawn.map(String)).size).toBe(4);
  });

  it('is not moved by draws from another stream', () => {
    const streams = randomStreams(3);
    const alone = numbers(3, 'one', 20);
    const [one, two] = [streams('one'), streams('two')];
    const mixed = Array.from({ length: 20 }, () => {
      two.next();
      return one.next();
    });
    expect(mixed).toEqual(alone);
  });

  it('stays in [0, 1) and fills it evenly', () => {
    const counts = new Array<number>(20).fill(0);
    for (const number of numbers(1, 'uniform', 100_000)) {
      expect(number >= 0 && number < 1).toBe(true);
      const bin = Math.floor(number * 20);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    const chiSquared = counts.reduce((sum, count) => sum + (count - 5000) ** 2 / 5000, 0);
    // Of 19 degrees of freedom: a fair source exceeds 43.8 once in a thousand seeds, and this seed is fixed.
    expect(chiSquared).toBeLessThan(43.8);
  });

  it('is uncorrelated with its neighbour by name', () => {
    const [a, b] = [numbers(1, 'client 1', 20_000), numbers(1, 'client 2', 20_000)];
    const covariance = a.reduce((sum, value, at) => sum + (value - 0.5) * ((b[at] ?? 0) - 0.5), 0) / a.length;
    // The standard error of the correlation is 1/√20000 = 0.007; four of them.
    expect(Math.abs(covariance * 12)).toBeLessThan(0.028);
  });
});

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

  it('shuffle keeps the items and leaves the original alone', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.nat(), (items, seed) => {
        const before = items.slice();
        const shuffled = shuffle(randomStreams(seed)('shuffle'), items);
        expect(items).toEqual(before);
        expect(shuffled.toSorted((a, b) => a - b)).toEqual(before.toSorted((a, b) => a - b));
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

  it('exponential has the mean asked for', () => {
    let sum = 0;
    for (let drawn = 0; drawn < 50_000; drawn++) sum += exponential(random, 20);
    // The standard error of the mean is 20/√50000 = 0.09; five of them.
    expect(Math.abs(sum / 50_000 - 20)).toBeLessThan(0.45);
  });

  it('newIdFrom gives 128 bits as text, never the same twice', () => {
    const newId = newIdFrom(random);
    const ids = Array.from({ length: 100 }, () => newId());
    expect(new Set(ids).size).toBe(100);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  });
});
