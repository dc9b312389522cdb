import type { AnomalyKind } from '../delivery/anomaly.ts';
import type { Reason } from '../delivery/reason.ts';
import { type MutantRun, runCorrectBuild, runVariant } from './mutant-run.ts';
import type { Variant } from './variant.ts';

/** Why an examination is not passed. */
export type MutationTestFailure =
  /** @param kinds - what was found instead of the expected outcome */
  | { readonly code: 'not-caught'; readonly seed: number; readonly kinds: readonly AnomalyKind[] }
  /** @param kinds - what the defect does not cause, and was found all the same */
  | { readonly code: 'unrelated-found'; readonly seed: number; readonly kinds: readonly AnomalyKind[] }
  /** @param kinds - what was found in the correct build */
  | { readonly code: 'false-alarm'; readonly seed: number; readonly kinds: readonly AnomalyKind[] }
  /** A run that proves nothing clears nobody. */
  | { readonly code: 'nothing-proved'; readonly seed: number; readonly reason: Reason };

/** What some seeds showed of one variant, and of the correct build in its place. */
export interface MutationTest {
  readonly variant: Variant;
  readonly seeds: number;
  /** Seeds with which the variant was caught, by the outcome that it was built to cause. */
  readonly caught: number;
  /** The first of them; absent when there was none. */
  readonly firstSeed?: number;
  /** Simulated until it was caught for the first time, over all runs up to that one; over all when it never was. */
  readonly simulatedMs: number;
  /** Seeds with which the correct build was charged with anything. */
  readonly falseAlarms: number;
  /** What was not as it has to be; a limited number. */
  readonly failures: readonly MutationTestFailure[];
}

const FAILURES_MAX = 5;

/** Tries a variant, and the correct build in its place, with the seeds from 1 on; yields after each run. */
export function* testMutant(variant: Variant, seeds: number): Generator<void, MutationTest> {
  let [caught, simulatedMs, falseAlarms] = [0, 0, 0];
  let firstSeed: number | undefined;
  const failures: MutationTestFailure[] = [];
  for (let seed = 1; seed <= seeds; seed += 1) {
    const broken = runVariant(variant, seed);
    yield;
    const correct = runCorrectBuild(variant, seed);
    yield;
    if (firstSeed === undefined) simulatedMs += broken.simulatedMs;
    if (broken.caught) {
      caught += 1;
      firstSeed ??= seed;
    }
    const alarms = alarmsOf(correct);
    if (alarms.length > 0) falseAlarms += 1;
    failures.push(...missesOf(broken), ...alarms);
  }
  return {
    variant,
    seeds,
    caught,
    ...(firstSeed === undefined ? {} : { firstSeed }),
    simulatedMs,
    falseAlarms,
    failures: failures.slice(0, FAILURES_MAX),
  };
}

function missesOf({ seed, caught, forbidden, unexpected }: MutantRun): MutationTestFailure[] {
  return [
    ...(caught ? [] : [{ code: 'not-caught', seed, kinds: forbidden } as const]),
    ...(unexpected.length === 0 ? [] : [{ code: 'unrelated-found', seed, kinds: unexpected } as const]),
  ];
}

function alarmsOf({ seed, forbidden, inconclusive }: MutantRun): MutationTestFailure[] {
  return [
    ...(forbidden.length === 0 ? [] : [{ code: 'false-alarm', seed, kinds: forbidden } as const]),
    ...inconclusive.map((reason) => ({ code: 'nothing-proved', seed, reason }) as const),
  ];
}
