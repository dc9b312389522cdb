import type { Reason } from '../delivery/reason.ts';
import type { Scenario } from '../scenario/schema.ts';
import { verdictOf } from '../verdict/assemble.ts';
import { blameOf, exitCodeOf, reasonsOf } from './blame.ts';
import { CoverageWatch } from './coverage-watch.ts';
import { explore } from './explore.ts';
import type { SeedRun } from './seed-run.ts';
import { attempt, type Subject } from './subject.ts';
import type { Violation } from './violation.ts';

/** One seed to be run. */
export interface SeedTask {
  readonly scenario: Scenario;
  readonly seed: number;
  /** Other faults, settings and networks, drawn from the seed. */
  readonly explore: boolean;
}

/** What became of one seed, as plain data. */
export interface SeedReport {
  readonly seed: number;
  /** Absent when the code under test threw. */
  readonly hash?: string;
  readonly exitCode: 0 | 3 | 4 | 5;
  readonly simulatedMs: number;
  readonly events: number;
  /** The first of each kind and stage. */
  readonly violations: readonly Violation[];
  /** Why it did not pass; the weightiest first. Empty when the code under test threw. */
  readonly reasons: readonly Reason[];
  /** Keys of the coverage points that were reached. */
  readonly covered: readonly string[];
}

/** Everything that decides the run of a task. */
export function subjectOf({ scenario, seed, explore: explored }: SeedTask): Subject {
  return explored ? explore(scenario, seed) : { scenario: { ...scenario, seed } };
}

export function runTask(task: SeedTask): SeedReport {
  const coverage = new CoverageWatch();
  const { run, violations } = attempt(subjectOf(task), { newTap: coverage.newTap });
  const kept = firstOfEach(violations);
  if (run === undefined) {
    return {
      seed: task.seed,
      exitCode: 3,
      simulatedMs: 0,
      events: 0,
      violations: kept,
      reasons: [],
      covered: [],
    };
  }
  const { exitCode, reasons } = outcomeOf(task, run);
  const { seed, hash, simulatedMs, events } = run;
  return {
    seed,
    hash,
    exitCode,
    simulatedMs,
    events,
    violations: exitCode === 3 || exitCode === 4 ? kept : [],
    reasons,
    covered: coverage.finish(run),
  };
}

function outcomeOf(
  { explore: explored }: SeedTask,
  { findings, record }: SeedRun,
): { readonly exitCode: SeedReport['exitCode']; readonly reasons: readonly Reason[] } {
  if (!explored) return verdictOf(record, findings);
  const blame = blameOf(findings);
  return { exitCode: exitCodeOf(blame), reasons: reasonsOf(blame) };
}

function firstOfEach(violations: readonly Violation[]): Violation[] {
  return [...new Map(violations.toReversed().map((one) => [`${one.kind} ${one.stage}`, one])).values()];
}
