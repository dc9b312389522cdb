import { describe, expect, it } from 'vitest';
import { CANARIES, isSeenThrough } from '../../src/zoo/canary.ts';
import { clearOnSend } from '../../src/zoo/clear-on-send.ts';
import { type Exam, examine } from '../../src/zoo/exam.ts';
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
    expect(exam).toMatchObject({ seeds: 3, caught: 3, firstSeed: 1, falseAlarms: 0, failures: [] });
    // One run, with its load of two seconds and what comes before and after.
    expect(exam.simulatedMs).toBeGreaterThan(2000);
    expect(exam.simulatedMs).toBeLessThan(5000);
  });

  it('fails where the defect shows by another outcome than the expected one', () => {
    const exam = examOf({ ...misroute, outcome: { kind: 'corrupt' } });
    expect(exam).toMatchObject({ caught: 0 });
    expect(exam).not.toHaveProperty('firstSeed');
    expect(exam.failures.slice(0, 2)).toEqual([
      { code: 'not-caught', seed: 1, kinds: ['phantom'] },
      { code: 'unrelated-found', seed: 1, kinds: ['phantom'] },
    ]);
  });

  it('fails where the scenario does not provoke the defect', () => {
    const exam = examOf({ ...clearOnSend, scenario: zooScenario({ name: 'calm' }) });
    expect(exam.failures[0]).toEqual({ code: 'not-caught', seed: 1, kinds: [] });
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
    const { failures } = examOf({ ...clearOnSend, scenario });
    expect(failures.some(({ code }) => code === 'nothing-proved')).toBe(true);
  });
});

describe.each(CANARIES)('the canary $variant.name', (canary) => {
  it('is seen through', () => {
    expect(isSeenThrough(canary, examOf(canary.variant))).toBe(true);
  });

  it('is not, by an examination that finds no fault with it', () => {
    const blind = { ...examOf(canary.variant), failures: [] };
    expect(isSeenThrough(canary, blind)).toBe(false);
  });
});
