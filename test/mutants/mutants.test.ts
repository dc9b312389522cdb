import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCorrectBuild, runVariant } from '../../src/mutants/mutant-run.ts';
import { VARIANTS } from '../../src/mutants/registry.ts';

const FOLDER = resolve(import.meta.dirname, '../../src/mutants');
/** Files of the machinery, not of a variant. */
const MACHINERY = [
  'broken-session',
  'control',
  'intruder',
  'mutant-run',
  'mutant-scenario',
  'mutation-test',
  'registry',
  'variant',
  'with-registry',
  'wrapped-link',
];
const BROKEN_SEEDS = [1, 2, 3, 4, 5];
const CORRECT_SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);

describe('the mutants', () => {
  it('lists each variant once, in a file of its own name', () => {
    const files = readdirSync(FOLDER).map((file) => file.replace(/\.ts$/, ''));
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
  it('is caught with every seed by its expected outcome, and by nothing unrelated', () => {
    for (const seed of BROKEN_SEEDS) {
      const { caught, unexpected, inconclusive, forbidden } = runVariant(variant, seed);
      // A stuck session keeps the drain from completing.
      const unproved = variant.outcome.kind === 'stuck' ? [] : inconclusive;
      expect({ seed, caught, unexpected, unproved }).toEqual({
        seed,
        caught: true,
        unexpected: [],
        unproved: [],
      });
      expect(forbidden).toContain(variant.outcome.kind);
    }
  });

  it('finds no violation of the correct build in its place', () => {
    for (const seed of CORRECT_SEEDS) {
      const { forbidden, inconclusive } = runCorrectBuild(variant, seed);
      expect({ seed, forbidden, inconclusive }).toEqual({ seed, forbidden: [], inconclusive: [] });
    }
  });
});
