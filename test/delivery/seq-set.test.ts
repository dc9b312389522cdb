import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeqSet } from '../../src/delivery/seq-set.ts';

const numbers = fc.integer({ min: 1, max: 60 });
const actions = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('add' as const), n: numbers }),
    fc.record({ do: fc.constant('delete' as const), n: numbers }),
    fc.record({ do: fc.constant('range' as const), n: numbers, to: numbers }),
  ),
  { maxLength: 80 },
);

function sorted(model: ReadonlySet<number>): number[] {
  return [...model].sort((a, b) => a - b);
}

function expand(intervals: readonly number[]): number[] {
  const all: number[] = [];
  for (let index = 0; index < intervals.length; index += 2) {
    for (let n = intervals[index] ?? 0; n <= (intervals[index + 1] ?? 0); n += 1) all.push(n);
  }
  return all;
}

describe('SeqSet', () => {
  it('behaves as a set under any additions and deletions', () => {
    fc.assert(
      fc.property(actions, numbers, numbers, (list, from, to) => {
        const set = new SeqSet();
        const model = new Set<number>();
        for (const action of list) {
          if (action.do === 'add') {
            expect(set.add(action.n)).toBe(!model.has(action.n));
            model.add(action.n);
          } else if (action.do === 'delete') {
            expect(set.delete(action.n)).toBe(model.delete(action.n));
          } else {
            set.addRange(action.n, action.to);
            for (let n = action.n; n <= action.to; n += 1) model.add(n);
          }
        }
        const expected = sorted(model);
        expect(expand(set.intervals())).toEqual(expected);
        expect(set.count).toBe(expected.length);
        expect(set.max).toBe(expected.at(-1) ?? 0);
        expect(set.min).toBe(expected[0] ?? 0);
        expect(set.countIn(from, to)).toBe(expected.filter((n) => n >= from && n <= to).length);
        for (let n = 1; n <= 61; n += 1) expect(set.has(n)).toBe(model.has(n));
      }),
      { numRuns: 500 },
    );
  });

  it('keeps its intervals apart, so that they are as few as possible', () => {
    fc.assert(
      fc.property(fc.array(numbers), (list) => {
        const set = new SeqSet();
        for (const n of list) set.add(n);
        const intervals = set.intervals();
        for (let index = 2; index < intervals.length; index += 2) {
          expect(intervals[index]).toBeGreaterThan((intervals[index - 1] ?? 0) + 1);
        }
      }),
    );
  });

  it('is one interval when everything arrived in order', () => {
    const set = new SeqSet();
    for (let n = 1; n <= 1000; n += 1) set.add(n);
    expect(JSON.stringify(set)).toBe('[1,1000]');
  });

  it('comes back from its own JSON', () => {
    fc.assert(
      fc.property(fc.array(numbers), (list) => {
        const set = new SeqSet();
        for (const n of list) set.add(n);
        const copy = SeqSet.of(JSON.parse(JSON.stringify(set)));
        expect(copy.intervals()).toEqual(set.intervals());
        expect(copy.count).toBe(set.count);
      }),
    );
  });
});
