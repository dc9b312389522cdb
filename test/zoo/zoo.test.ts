import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VARIANTS } from '../../src/zoo/registry.ts';
import { tryCorrectBuild, tryVariant } from '../../src/zoo/trial.ts';

const ZOO = resolve(import.meta.dirname, '../../src/zoo');
/** Of the zoo's own machinery, not of a variant. */
const MACHINERY = [
  'broken-session',
  'canary',
  'exam',
  'intruder',
  'registry',
  'trial',
  'variant',
  'wrapped-link',
  'zoo-scenario',
];
const BROKEN_SEEDS = [1, 2, 3, 4, 5];
const CORRECT_SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);

describe('the zoo', () => {
  it('lists each variant once, in a file of its own name', () => {
    const files = readdirSync(ZOO).map((file) => file.replace(/\.ts$/, ''));
    const names = VARIANTS.map(({ name }) => name);
    expect(names.toSorted()).toEqual(files.filter((file) => !MACHINERY.includes(file)).toSorted());
    expect(new Set(names).size).toBe(names.length);
    expect(files).toEqual(expect.arrayContaining(MACHINERY));
  });

  it('breaks exactly one side in each variant', () => {
    for (const { side, newBroadcaster, driver } of VARIANTS) {
      expect([newBroadcaster !== undefined, driver !== undefined]).toEqual([
        side === 'server',
        side === 'client',
      ]);
    }
  });
});

describe.each(VARIANTS)('$name', (variant) => {
  it('is caught with every seed by the outcome it was built to cause, and by nothing unrelated', () => {
    for (const seed of BROKEN_SEEDS) {
      const { caught, unexpected, inconclusive, charges } = tryVariant(variant, seed);
      // What is stuck keeps the drain from coming to an end.
      const doubts = variant.outcome.kind === 'stuck' ? [] : inconclusive;
      expect({ seed, caught, unexpected, doubts }).toEqual({
        seed,
        caught: true,
        unexpected: [],
        doubts: [],
      });
      expect(charges).toContain(variant.outcome.kind);
    }
  });

  it('leaves no charge against the correct build in its place', () => {
    for (const seed of CORRECT_SEEDS) {
      const { charges, inconclusive } = tryCorrectBuild(variant, seed);
      expect({ seed, charges, inconclusive }).toEqual({ seed, charges: [], inconclusive: [] });
    }
  });
});
