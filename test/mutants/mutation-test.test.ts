import { describe, expect, it } from 'vitest';
import { clearOnSend } from '../../src/mutants/clear-on-send.ts';
import { CONTROLS, isDetected } from '../../src/mutants/control.ts';
import { misroute } from '../../src/mutants/misroute.ts';
import { mutantScenario } from '../../src/mutants/mutant-scenario.ts';
import { type MutationTest, testMutant } from '../../src/mutants/mutation-test.ts';
import type { Variant } from '../../src/mutants/variant.ts';

const SEEDS = 3;

function mutationTestOf(variant: Variant): MutationTest {
  const runs = testMutant(variant, SEEDS);
  for (;;) {
    const step = runs.next();
    if (step.done === true) return step.value;
  }
}

describe('the mutation test of a variant', () => {
  it('passes when the variant is caught with every seed and the correct build shows no violation', () => {
    const mutationTest = mutationTestOf(clearOnSend);
    expect(mutationTest).toMatchObject({ seeds: 3, caught: 3, firstSeed: 1, falseAlarms: 0, failures: [] });
    // One run: its load of two seconds and the phases around it.
    expect(mutationTest.simulatedMs).toBeGreaterThan(2000);
    expect(mutationTest.simulatedMs).toBeLessThan(5000);
  });

  it('fails when the defect causes another outcome than the expected one', () => {
    const mutationTest = mutationTestOf({ ...misroute, outcome: { kind: 'corrupt' } });
    expect(mutationTest).toMatchObject({ caught: 0 });
    expect(mutationTest).not.toHaveProperty('firstSeed');
    expect(mutationTest.failures.slice(0, 2)).toEqual([
      { code: 'not-caught', seed: 1, kinds: ['phantom'] },
      { code: 'unrelated-found', seed: 1, kinds: ['phantom'] },
    ]);
  });

  it('fails when the scenario does not provoke the defect', () => {
    const mutationTest = mutationTestOf({ ...clearOnSend, scenario: mutantScenario({ name: 'calm' }) });
    expect(mutationTest.failures[0]).toEqual({ code: 'not-caught', seed: 1, kinds: [] });
    expect(mutationTest.simulatedMs).toBeGreaterThan(SEEDS * 2000);
  });

  it('fails when the run of the correct build is inconclusive', () => {
    const scenario = mutantScenario({
      name: 'never-struck',
      faults: [
        { at: '0ms', clients: { ids: [0] }, do: 'never-return' },
        { at: '500ms', clients: { ids: [0] }, do: 'drop' },
      ],
    });
    const { failures } = mutationTestOf({ ...clearOnSend, scenario });
    expect(failures.some(({ code }) => code === 'nothing-proved')).toBe(true);
  });
});

describe.each(CONTROLS)('the control $variant.name', (control) => {
  it('is detected', () => {
    expect(isDetected(control, mutationTestOf(control.variant))).toBe(true);
  });

  it('is not detected by a mutation test that reports no failure', () => {
    const blind = { ...mutationTestOf(control.variant), failures: [] };
    expect(isDetected(control, blind)).toBe(false);
  });
});
