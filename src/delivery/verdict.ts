import type { Lateness, Reason } from './reason.ts';

export interface JudgedAssertion {
  readonly status: 'pass' | 'fail' | 'inconclusive' | 'no-data';
  /** What its failure means: messages not delivered as promised, or time and resources. */
  readonly class: 'delivery' | 'performance';
  /** Inconclusive: what was late, and may be the cause of the value. */
  readonly late?: Lateness | undefined;
  /** As it stands in the scenario. */
  readonly assertion: string;
  /** What was found, with its unit. */
  readonly actual: string;
}

export interface VerdictInput {
  /** Where the guarantee was broken. */
  readonly violations: readonly Reason[];
  /** Where bounds and budgets were broken. */
  readonly resourceViolations?: readonly Reason[];
  readonly assertions: readonly JudgedAssertion[];
  /** Why the run says too little, whatever the assertions are. */
  readonly inconclusive: readonly Reason[];
}

export interface Verdict {
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
  readonly exitCode: 0 | 3 | 4 | 5;
  /** The weightiest first; empty for a pass. */
  readonly reasons: Reason[];
}

/**
 * Weighs what a run showed. A failure dominates, broken delivery before broken performance; then whatever keeps
 * the run from showing anything; and only what is left is a pass.
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

function undecided({ status, assertion, actual, late }: JudgedAssertion): Reason[] {
  if (status === 'inconclusive' && late !== undefined)
    return [{ code: 'assertion-undecided', assertion, actual, late }];
  return status === 'no-data' || status === 'inconclusive'
    ? [{ code: 'assertion-without-data', assertion }]
    : [];
}
