import { describe, expect, it } from 'vitest';
import type { Reason } from '../../src/delivery/reason.ts';
import { simulateScenario } from '../../src/run/simulated-run.ts';
import { blameOf, reasonsOf } from '../../src/simulation/blame.ts';
import { judgeRun } from '../../src/verdict/judge-run.ts';
import { randomRun } from './random-scenario.ts';

const SEEDS = Array.from({ length: 150 }, (_, index) => index + 1);

function reasons(seed: number, lossless: boolean): readonly Reason[] {
  const findings = judgeRun(simulateScenario(randomRun(seed, lossless)));
  return reasonsOf(blameOf(findings));
}

describe('the correct build under random faults and settings', () => {
  it('loses nothing, repeats nothing it should not and gives everything back, where nothing has to be lost', () => {
    for (const seed of SEEDS) expect({ seed, reasons: reasons(seed, true) }).toEqual({ seed, reasons: [] });
  });

  it('loses nothing in silence, whatever happens', () => {
    for (const seed of SEEDS) expect({ seed, reasons: reasons(seed, false) }).toEqual({ seed, reasons: [] });
  });
});
