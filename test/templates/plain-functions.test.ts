import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlainFunctions } from '../../src/templates/plain-functions.ts';
import { valueAt } from '../../src/templates/value-at.ts';

function functionsAt(ms: number, draws: readonly number[] = [0.5]): PlainFunctions {
  let next = 0;
  return new PlainFunctions({
    epochMs: () => ms,
    random: { next: () => draws[next++ % draws.length] ?? 0 },
  });
}

describe('the functions of templates', () => {
  it('write an instant as Date does', () => {
    const instant = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) });
    fc.assert(
      fc.property(instant, (ms) => {
        expect(functionsAt(ms).now('iso')).toBe(new Date(ms).toISOString());
      }),
      { numRuns: 1000 },
    );
    for (const day of ['2000-02-29', '2100-02-28', '2100-03-01', '1970-01-01', '2024-12-31']) {
      const ms = Date.parse(`${day}T23:59:59.999Z`);
      expect(functionsAt(ms).now('iso')).toBe(`${day}T23:59:59.999Z`);
    }
  });

  it('tell the time in its units', () => {
    const functions = functionsAt(1_700_000_000_123.5);
    expect([functions.now('ms'), functions.now('s'), functions.now('us')]).toEqual([
      1_700_000_000_123, 1_700_000_000, 1_700_000_000_123_500,
    ]);
  });

  it('draw whole numbers with both ends included', () => {
    expect(functionsAt(0, [0]).random(3, 5)).toBe(3);
    expect(functionsAt(0, [0.999_999]).random(3, 5)).toBe(5);
    expect(functionsAt(0, [0.999_999]).random(5, 3)).toBe(5);
    expect(functionsAt(0, [0.7]).random(-1, -1)).toBe(-1);
  });

  it('make ids of version 4, another one each time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 0.999_999, noNaN: true }), { minLength: 32 }),
        (draws) => {
          expect(functionsAt(0, draws).uuid()).toMatch(
            /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
          );
        },
      ),
    );
    const functions = functionsAt(0, [0.1, 0.6, 0.3]);
    expect(functions.uuid()).not.toBe(functions.uuid());
  });

  it('count for each name apart', () => {
    const functions = functionsAt(0);
    expect([functions.counter('a'), functions.counter('a'), functions.counter('b')]).toEqual([1, 2, 1]);
  });
});

describe('a path', () => {
  it('leads through maps and lists to own values only', () => {
    const root = { a: [{ b: 0 }], c: null };
    expect(valueAt(root, ['a', '0', 'b'])).toBe(0);
    expect(valueAt(root, [])).toBe(root);
    expect(valueAt(root, ['a', '1', 'b'])).toBeUndefined();
    expect(valueAt(root, ['c', 'd'])).toBeUndefined();
    expect(valueAt(root, ['toString'])).toBeUndefined();
    expect(valueAt('text', ['length'])).toBeUndefined();
  });
});
