import type { Lateness, Reason } from './reason.ts';

/** A defect that some software is known to have. */
export interface KnownDefect {
  /** The software, with its version. */
  readonly of: string;
  /** When it was seen last. */
  readonly seen: string;
}

export interface JudgedAssertion {
  readonly status: 'pass' | 'fail' | 'inconclusive' | 'no-data';
  /** The kind of failure: delivery promises, or time and resources. */
  readonly class: 'delivery' | 'performance';
  /** Inconclusive: the lateness that may have caused the value. */
  readonly late?: Lateness | undefined;
  /** As written in the scenario. */
  readonly assertion: string;
  /** It says how a known defect shows, and is inconclusive instead of failed. */
  readonly defect?: KnownDefect | undefined;
  /** The actual value, with its unit. */
  readonly actual: string;
}

export interface VerdictInput {
  /** Violations of the guarantee. */
  readonly violations: readonly Reason[];
  /** Violations of limits and budgets. */
  readonly resourceViolations?: readonly Reason[];
  readonly assertions: readonly JudgedAssertion[];
  /** Why the run is inconclusive, independently of the assertions. */
  readonly inconclusive: readonly Reason[];
}

export interface Verdict {
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
  readonly exitCode: 0 | 3 | 4 | 5;
  /** The most severe first; empty for a pass. */
  readonly reasons: Reason[];
}

/**
 * Derives the verdict from the findings of a run. A failure dominates, delivery before performance; then anything
 * that makes the run inconclusive; otherwise the run passes.
 */
export function decide(input: VerdictInput): Verdict {
  const { assertions } = input;
  const delivery = [...input.violations, ...failures(assertions, 'delivery')];
  const cost = [...(input.resourceViolations ?? []), ...failures(assertions, 'performance')];
  const inconclusive = [...input.inconclusive, ...assertions.flatMap(undecided)];
  const reasons = [...delivery, ...cost, ...inconclusive];
  if (delivery.length > 0) return { verdict: 'fail', exitCode: 3, reasons };
  if (cost.length > 0) return { verdict: 'fail', exitCode: 4, reasons };
  if (inconclusive.length > 0) return { verdict: 'inconclusive', exitCode: 5, reasons };
  return { verdict: 'pass', exitCode: 0, reasons };
}

function failures(assertions: readonly JudgedAssertion[], wanted: JudgedAssertion['class']): Reason[] {
  return assertions
    .filter((one) => one.status === 'fail' && one.class === wanted)
    .map(({ assertion, actual }) => ({ code: 'assertion-failed', assertion, actual }));
}

function undecided({ status, assertion, actual, late, defect }: JudgedAssertion): Reason[] {
  if (defect !== undefined && status === 'inconclusive')
    return [{ code: 'defect-not-shown', of: defect.of, seen: defect.seen, assertion, actual }];
  if (status === 'inconclusive' && late !== undefined)
    return [{ code: 'assertion-undecided', assertion, actual, late }];
  return status === 'no-data' || status === 'inconclusive'
    ? [{ code: 'assertion-without-data', assertion }]
    : [];
}
