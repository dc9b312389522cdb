import { describe, expect, it } from 'vitest';
import { judgeRun } from '../../src/run/judge-run.ts';
import { simulateScenario } from '../../src/run/simulated-run.ts';
import { randomRun } from './random-scenario.ts';

const SEEDS = Array.from({ length: 150 }, (_, index) => index + 1);

/** What a random run is to be blamed for; that a fault found nobody in reach is none of it. */
function complaints(seed: number, lossless: boolean): readonly string[] {
  const record = simulateScenario(randomRun(seed, lossless));
  const { broken, misused, inconclusive } = judgeRun(record);
  return [...broken, ...misused, ...inconclusive.filter((text) => !text.includes('never took hold'))];
}

describe('the correct build under random faults and settings', () => {
  it('loses nothing, repeats nothing it should not and gives everything back, where nothing has to be lost', () => {
    for (const seed of SEEDS)
      expect({ seed, complaints: complaints(seed, true) }).toEqual({ seed, complaints: [] });
  });

  it('loses nothing in silence, whatever happens', () => {
    for (const seed of SEEDS)
      expect({ seed, complaints: complaints(seed, false) }).toEqual({ seed, complaints: [] });
  });
});
