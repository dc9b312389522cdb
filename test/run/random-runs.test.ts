import { describe, expect, it } from 'vitest';
import { judgeRun } from '../../src/run/judge-run.ts';
import { simulateScenario } from '../../src/run/simulated-run.ts';
import { complaintsOf } from '../../src/simulation/complaints.ts';
import { randomRun } from './random-scenario.ts';

const SEEDS = Array.from({ length: 150 }, (_, index) => index + 1);

function complaints(seed: number, lossless: boolean): readonly string[] {
  const findings = judgeRun(simulateScenario(randomRun(seed, lossless)));
  return Object.values(complaintsOf(findings)).flat();
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
