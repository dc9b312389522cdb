import type { AnomalyKind } from '../delivery/anomaly.ts';
import type { Reason } from '../delivery/reason.ts';
import type { Verdict } from '../delivery/verdict.ts';
import type { Scenario } from '../scenario/schema.ts';
import type { Result } from './result.ts';

type Defect = NonNullable<Scenario['expect']['defect']>;

/** Tells the violations that a known defect causes from the others, and what it did not cause in this run. */
export function splitViolations(
  all: readonly Reason[],
  defect: Defect | undefined,
): { readonly violations: Reason[]; readonly known: Reason[]; readonly missing: Reason[] } {
  const { breaks = [], of = '', seen = '' } = defect ?? {};
  const causes = (reason: Reason, kind: AnomalyKind): boolean =>
    reason.code === 'guarantee-broken' && reason.broken === kind;
  return {
    violations: all.filter((reason) => !breaks.some((kind) => causes(reason, kind))),
    known: all.filter((reason) => breaks.some((kind) => causes(reason, kind))),
    missing: breaks
      .filter((kind) => !all.some((reason) => causes(reason, kind)))
      .map((broken) => ({ code: 'defect-not-broken', of, seen, broken })),
  };
}

/** The part of the result document on the known defect that a scenario wants to show. */
export function defectOf({ expect: { defect } }: Scenario, { reasons }: Verdict): Pick<Result, 'defect'> {
  if (defect === undefined) return {};
  const hidden = reasons.some(({ code }) => code === 'defect-not-shown' || code === 'defect-not-broken');
  return { defect: { of: defect.of, seen: defect.seen, shown: !hidden } };
}
