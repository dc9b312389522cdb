import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as intervals from '../../src/delivery/intervals.ts';

const sets = fc.uniqueArray(fc.integer({ min: 1, max: 40 })).map((list) => list.sort((a, b) => a - b));

describe('intervals', () => {
  it('compute as sets do', () => {
    fc.assert(
      fc.property(
        sets,
        sets,
        fc.integer({ min: 0, max: 41 }),
        fc.integer({ min: 0, max: 41 }),
        (a, b, from, to) => {
          const left = intervals.intervalsOf(a);
          const right = intervals.intervalsOf(b);
          const members = (set: intervals.Intervals): number[] => [...intervals.members(set)];
          expect(members(intervals.unionOf(left, right))).toEqual(
            [...new Set([...a, ...b])].sort((x, y) => x - y),
          );
          expect(members(intervals.minusOf(left, right))).toEqual(a.filter((n) => !b.includes(n)));
          expect(members(intervals.intersectOf(left, right))).toEqual(a.filter((n) => b.includes(n)));
          expect(members(intervals.clip(left, from, to))).toEqual(a.filter((n) => n >= from && n <= to));
          expect(intervals.countOf(left)).toBe(a.length);
          expect(intervals.contains(left, from)).toBe(a.includes(from));
          expect(intervals.lowest(left)).toBe(a[0] ?? 0);
          expect(intervals.highest(left)).toBe(a.at(-1) ?? 0);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('stay in their one form, so that equal sets are equal lists', () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        const union = intervals.unionOf(intervals.intervalsOf(a), intervals.intervalsOf(b));
        expect(union).toEqual(intervals.intervalsOf(intervals.members(union)));
      }),
    );
  });
});
