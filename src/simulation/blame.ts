import type { Reason } from '../delivery/reason.ts';
import type { RunExitCode } from '../delivery/severity.ts';
import type { Findings } from '../verdict/judge-run.ts';

/** The part of what was found that a run under faults drawn at random is to be blamed for. */
type Blame = Pick<Findings, 'violations' | 'resourceViolations' | 'inconclusive'>;

/** A fault drawn at random, one of many, may find nobody in reach: that proves nothing about the run. */
export function blameOf({ violations, resourceViolations, inconclusive }: Findings): Blame {
  return {
    violations,
    resourceViolations,
    inconclusive: inconclusive.filter(({ code }) => code !== 'fault-never-held'),
  };
}

/** Of a run whose scenario asserts nothing beyond the guarantee and the invariants of the server. */
export function exitCodeOf({ violations, resourceViolations, inconclusive }: Blame): RunExitCode {
  if (violations.length > 0) return 3;
  if (resourceViolations.length > 0) return 4;
  return inconclusive.length > 0 ? 5 : 0;
}

/** The weightiest first. */
export function reasonsOf({ violations, resourceViolations, inconclusive }: Blame): Reason[] {
  return [...violations, ...resourceViolations, ...inconclusive];
}
