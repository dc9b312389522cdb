import { describe, expect, it } from 'vitest';
import { CANARIES, isSeenThrough } from '../../src/zoo/canary.ts';
import { clearOnSend } from '../../src/zoo/clear-on-send.ts';
import { type Exam, examine, expectedText, failuresOf } from '../../src/zoo/exam.ts';
import { misroute } from '../../src/zoo/misroute.ts';
import type { Variant } from '../../src/zoo/variant.ts';
import { zooScenario } from '../../src/zoo/zoo-scenario.ts';

const SEEDS = 3;

function examOf(variant: Variant): Exam {
  const runs = examine(variant, SEEDS);
  for (;;) {
    const step = runs.next();
    if (step.done === true) return step.value;
  }
}

describe('the examination of a variant', () => {
  it('is passed by one that is caught with every seed, where the correct build is cleared', () => {
    const exam = examOf(clearOnSend);
    expect(exam).toMatchObject({ seeds: 3, caught: 3, firstSeed: 1, falseAlarms: 0, complaints: [] });
    expect(failuresOf([exam])).toEqual([]);
    // One run, with its load of two seconds and what comes before and after.
    expect(exam.simulatedMs).toBeGreaterThan(2000);
    expect(exam.simulatedMs).toBeLessThan(5000);
  });

  it('fails where the defect shows by another outcome than the expected one', () => {
    const exam = examOf({ ...misroute, outcome: { kind: 'corrupt' } });
    expect(exam).toMatchObject({ caught: 0 });
    expect(exam).not.toHaveProperty('firstSeed');
    expect(failuresOf([exam]).slice(0, 2)).toEqual([
      'misroute, seed 1: not caught, found instead: phantom',
      'misroute, seed 1: accused of phantom too, which it does not cause',
    ]);
  });

  it('fails where the scenario does not provoke the defect', () => {
    const exam = examOf({ ...clearOnSend, scenario: zooScenario({ name: 'calm' }) });
    expect(failuresOf([exam])[0]).toBe('clear-on-send, seed 1: not caught, nothing was found');
    expect(exam.simulatedMs).toBeGreaterThan(SEEDS * 2000);
  });

  it('fails where the correct build proves nothing, since a run without a result clears nobody', () => {
    const scenario = zooScenario({
      name: 'never-struck',
      faults: [
        { at: '0ms', clients: { ids: [0] }, do: 'never-return' },
        { at: '500ms', clients: { ids: [0] }, do: 'drop' },
      ],
    });
    const { complaints } = examOf({ ...clearOnSend, scenario });
    expect(complaints.some((text) => text.includes('the run of the correct build proves nothing'))).toBe(
      true,
    );
  });

  it('tells what is expected in the words of the checker', () => {
    expect(expectedText({ kind: 'stuck' })).toBe('stuck');
    expect(expectedText({ kind: 'silent-loss', stage: 'not sent', cause: 'it never came' })).toBe(
      'silent-loss (not sent; it never came)',
    );
  });
});

describe.each(CANARIES)('the canary $variant.name', (canary) => {
  it('is seen through', () => {
    expect(isSeenThrough(canary, examOf(canary.variant))).toBe(true);
  });

  it('is not, by an examination that finds no fault with it', () => {
    const blind = { ...examOf(canary.variant), complaints: [] };
    expect(isSeenThrough(canary, blind)).toBe(false);
  });
});
