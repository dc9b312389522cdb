import type { Variant } from '../mutants/variant.ts';
import type { FoundFailure, Scenario } from '../scenario/schema.ts';
import { networkSettings, simulatedNetwork } from './found-network.ts';
import { HistoryRecording } from './history.ts';
import { type ShrinkOptions, type Shrunk, shrink } from './shrink.ts';
import { type Attempt, attempt, type Subject } from './subject.ts';
import { type Trace, traceRun } from './trace-run.ts';
import { identityOf, isSame, type Violation } from './violation.ts';

/** A failure as it is shown and kept. */
export interface Failure {
  readonly subject: Subject;
  readonly violation: Violation;
  /** What its file says of it, for `replay`. */
  readonly found: FoundFailure;
  /** What happened to the client concerned. */
  readonly trace: Trace;
  /** Everything that travelled, a line each, to find where a later run parts from this one; empty when it is too long. */
  readonly history: string;
}

/** A failure that was made small. */
export interface ShrunkFailure extends Failure {
  /** Runs that it took. */
  readonly tries: number;
  /** The scenario in which it was found. */
  readonly origin: { readonly name: string; readonly seed: number; readonly faults: number };
}

export interface FailureOptions extends ShrinkOptions {
  /** Of wsdeliver, for the file. */
  readonly version: string;
}

/** Lines of a history that are kept. */
const HISTORY_LINES_MAX = 5000;

/**
 * Makes the smallest failure that shows the same violation, with everything that tells of it.
 *
 * One that does not show once its faults are spelled out is kept in the size in which it was found.
 *
 * @throws {Error} when no file can say what the scenario says
 */
export function shrinkFailure(options: FailureOptions): ShrunkFailure {
  const { subject, violation, version } = options;
  const shrunk = shrink(options) ?? asFound(subject, violation);
  const { scenario } = subject;
  const small: Subject = {
    ...shrunk.subject,
    scenario: {
      ...shrunk.subject.scenario,
      name: `${scenario.name}-${violation.kind}-seed-${scenario.seed}`,
    },
  };
  const { name, seed, faults } = scenario;
  return {
    ...failureOf(small, shrunk, version),
    tries: shrunk.tries,
    origin: { name, seed, faults: faults.length },
  };
}

/** What there is to tell of one run of a subject, as it is. */
export function failureOf(
  subject: Subject,
  { run, violation }: Pick<Attempt, 'run'> & { readonly violation: Violation },
  version: string,
): Failure {
  const hash = run?.hash;
  const found: FoundFailure = {
    by: version,
    violation: identityOf(violation),
    ...(hash === undefined ? {} : { hash }),
    ...(subject.variant === undefined ? {} : { variant: subject.variant.name }),
    ...(subject.network === undefined ? {} : { network: networkSettings(subject.network) }),
  };
  return {
    subject,
    violation,
    found,
    trace: traceRun(subject, violation),
    history: historyOf(subject).join('\n'),
  };
}

/**
 * What the file of a failure makes a run of.
 *
 * @param variants - the broken builds that it may name
 * @returns undefined when the file names a build that is not there
 */
export function subjectOf(scenario: Scenario, variants: readonly Variant[]): Subject | undefined {
  const { found, ...plain } = scenario;
  const variant = variants.find(({ name }) => name === found?.variant);
  if (found?.variant !== undefined && variant === undefined) return undefined;
  const network = found?.network;
  return {
    scenario: plain,
    ...(network === undefined ? {} : { network: simulatedNetwork(network) }),
    ...(variant === undefined ? {} : { variant }),
  };
}

/** Everything that travels in a run; none where the code under test throws, or too much travels. */
export function historyOf(subject: Subject): readonly string[] {
  const recording = new HistoryRecording();
  const { run } = attempt(subject, recording);
  if (run === undefined || recording.lines.length > HISTORY_LINES_MAX) return [];
  recording.finish(run.findings);
  return recording.lines;
}

function asFound(subject: Subject, violation: Violation): Shrunk {
  const attempted = attempt(subject);
  const shown = attempted.violations.find((one) => isSame(one, violation));
  if (shown === undefined)
    throw new Error(`Cannot keep a ${violation.kind}: it does not show when the seed is run again`);
  return { ...attempted, subject, violation: shown, tries: 1, finished: false };
}
