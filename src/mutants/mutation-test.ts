import type { AnomalyKind } from '../delivery/anomaly.ts';
import type { Reason } from '../delivery/reason.ts';
import { type MutantRun, runCorrectBuild, runVariant } from './mutant-run.ts';
import type { Variant } from './variant.ts';

/** Why a mutation test failed. */
export type MutationTestFailure =
  /** @param kinds - anomalies found instead of the expected outcome */
  | { readonly code: 'not-caught'; readonly seed: number; readonly kinds: readonly AnomalyKind[] }
  /** @param kinds - anomalies found that the defect does not cause */
  | { readonly code: 'unrelated-found'; readonly seed: number; readonly kinds: readonly AnomalyKind[] }
  /** @param kinds - anomalies found in the correct build */
  | { readonly code: 'false-alarm'; readonly seed: number; readonly kinds: readonly AnomalyKind[] }
  /** The run of the correct build was inconclusive. */
  | { readonly code: 'nothing-proved'; readonly seed: number; readonly reason: Reason };

/** The result of running some seeds of one variant, and of the correct build in its place. */
export interface MutationTest {
  readonly variant: Variant;
  readonly seeds: number;
  /** Seeds with which the variant was caught by its expected outcome. */
  readonly caught: number;
  /** The first of these seeds; absent when there was none. */
  readonly firstSeed?: number;
  /** Simulated time until it was first caught, over all runs up to that one; over all runs when it never was. */
  readonly simulatedMs: number;
  /** Seeds with which the correct build showed a violation. */
  readonly falseAlarms: number;
  /** A limited number of failures. */
  readonly failures: readonly MutationTestFailure[];
}

const FAILURES_MAX = 5;

/** Runs a variant, and the correct build in its place, with the seeds from 1 on; yields after each run. */
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
