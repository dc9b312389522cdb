import { type Trial, tryCorrectBuild, tryVariant } from './trial.ts';
import type { ExpectedOutcome, Variant } from './variant.ts';

/** What some seeds showed of one variant, and of the correct build in its place. */
export interface Exam {
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
  /** What was not as it has to be, in words; a limited number. */
  readonly complaints: readonly string[];
}

const COMPLAINTS_MAX = 5;

/** Tries a variant, and the correct build in its place, with the seeds from 1 on; yields after each run. */
export function* examine(variant: Variant, seeds: number): Generator<void, Exam> {
  let [caught, simulatedMs, falseAlarms] = [0, 0, 0];
  let firstSeed: number | undefined;
  const complaints: string[] = [];
  for (let seed = 1; seed <= seeds; seed += 1) {
    const broken = tryVariant(variant, seed);
    yield;
    const correct = tryCorrectBuild(variant, seed);
    yield;
    if (firstSeed === undefined) simulatedMs += broken.simulatedMs;
    if (broken.caught) {
      caught += 1;
      firstSeed ??= seed;
    }
    const alarm = alarmsOf(correct);
    if (alarm.length > 0) falseAlarms += 1;
    complaints.push(...missesOf(broken), ...alarm);
  }
  return {
    variant,
    seeds,
    caught,
    ...(firstSeed === undefined ? {} : { firstSeed }),
    simulatedMs,
    falseAlarms,
    complaints: complaints.slice(0, COMPLAINTS_MAX),
  };
}

/** Why examinations were not passed, in words; empty when all were. */
export function failuresOf(exams: readonly Exam[]): string[] {
  return exams.flatMap(({ variant, complaints }) => complaints.map((text) => `${variant.name}, ${text}`));
}

/** `silent-loss (not sent)`. */
export function expectedText({ kind, stage, cause }: ExpectedOutcome): string {
  const detail = [stage, cause].filter((part) => part !== undefined).join('; ');
  return detail === '' ? kind : `${kind} (${detail})`;
}

function missesOf({ seed, caught, charges, unexpected }: Trial): string[] {
  const instead = charges.length === 0 ? 'nothing was found' : `found instead: ${charges.join(', ')}`;
  return [
    ...(caught ? [] : [`seed ${seed}: not caught, ${instead}`]),
    ...(unexpected.length === 0
      ? []
      : [`seed ${seed}: accused of ${unexpected.join(', ')} too, which it does not cause`]),
  ];
}

/** A run that proves nothing clears nobody. */
function alarmsOf({ seed, charges, inconclusive }: Trial): string[] {
  return [
    ...(charges.length === 0
      ? []
      : [`seed ${seed}: false alarm, the correct build is accused of ${charges.join(', ')}`]),
    ...inconclusive.map((reason) => `seed ${seed}: the run of the correct build proves nothing, ${reason}`),
  ];
}
