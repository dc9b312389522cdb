export interface JudgedAssertion {
  readonly status: 'pass' | 'fail' | 'inconclusive' | 'no-data';
  /** What its failure means: messages not delivered as promised, or time and resources. */
  readonly class: 'delivery' | 'performance';
  /** Inconclusive: what was late, and may be the cause of the value. */
  readonly doubt?: string | undefined;
  readonly text: string;
}

export interface VerdictInput {
  /** Where the guarantee was broken. */
  readonly violations: readonly string[];
  /** Where bounds and budgets were broken. */
  readonly resourceViolations?: readonly string[];
  readonly assertions: readonly JudgedAssertion[];
  /** Why the run says too little, whatever the assertions are. */
  readonly inconclusive: readonly string[];
}

export interface Verdict {
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
  readonly exitCode: 0 | 3 | 4 | 5;
  /** The weightiest first; empty for a pass. */
  readonly reasons: string[];
}

/**
 * Weighs what a run showed. A failure dominates, broken delivery before broken performance; then whatever keeps
 * the run from showing anything; and only what is left is a pass.
 */
export function decide(input: VerdictInput): Verdict {
  const { assertions } = input;
  const failed = assertions.filter(({ status }) => status === 'fail');
  const doubtful = assertions.filter(({ status }) => status === 'inconclusive');
  const delivery = [...input.violations, ...textsOf(failed, 'delivery')];
  const performance = [...(input.resourceViolations ?? []), ...textsOf(failed, 'performance')];
  const inconclusive = [
    ...input.inconclusive,
    ...assertions.filter(({ status }) => status === 'no-data').map(({ text }) => `no data for: ${text}`),
    ...doubtful.map(({ text, doubt }) => `the machine was too slow to say: ${text}: ${doubt}`),
  ];
  const reasons = [...delivery, ...performance, ...inconclusive];
  if (delivery.length > 0) return { verdict: 'fail', exitCode: 3, reasons };
  if (performance.length > 0) return { verdict: 'fail', exitCode: 4, reasons };
  if (inconclusive.length > 0) return { verdict: 'inconclusive', exitCode: 5, reasons };
  return { verdict: 'pass', exitCode: 0, reasons };
}

function textsOf(assertions: readonly JudgedAssertion[], wanted: JudgedAssertion['class']): string[] {
  return assertions.filter((assertion) => assertion.class === wanted).map(({ text }) => `not met: ${text}`);
}
