import type { DeliveryLevel } from '../delivery/level.ts';
import type { Reason } from '../delivery/reason.ts';
import type { Verdict } from '../delivery/verdict.ts';

type Outcome = Verdict['verdict'];

/** The part of a result file that says how the run went. */
interface Statements {
  readonly verdict: Outcome;
  readonly exitCode: number;
  readonly partial?: boolean | undefined;
  readonly reasons: readonly unknown[];
  readonly guarantee: {
    readonly level: DeliveryLevel;
    readonly status: string;
    readonly reasons?: readonly Reason[];
  };
  readonly defect?: { readonly shown: boolean } | undefined;
  readonly assertions: readonly { readonly text: string; readonly status: string }[];
  readonly delivery: Losses & { readonly upstream?: Losses | undefined };
}

interface Losses {
  readonly lost: { readonly silent: number };
}

/** Exit codes that a verdict may come with. */
const EXIT_CODES: Readonly<Record<Outcome, readonly number[]>> = {
  pass: [0],
  fail: [3, 4],
  inconclusive: [5],
};
/** An interrupted run ends with the code of its signal, whatever it had found by then. */
const INTERRUPTED: readonly number[] = [129, 130, 143];

/**
 * Where a result file says one thing in one place and the opposite in another, as after it was edited: no report is
 * made of such a document, since whoever reads it would believe whichever line comes first.
 */
export function contradictions(result: Statements): string[] {
  const { verdict, exitCode, partial, guarantee, assertions, delivery, defect } = result;
  const allowed = partial === true ? [...EXIT_CODES[verdict], ...INTERRUPTED] : EXIT_CODES[verdict];
  const found: string[] = [];
  if (!allowed.includes(exitCode)) found.push(`verdict ${verdict} does not go with exit code ${exitCode}`);
  if (guarantee.status === 'fail' && verdict !== 'fail')
    found.push(`verdict ${verdict} does not go with a broken guarantee`);
  if (verdict !== 'pass' && result.reasons.length === 0)
    found.push(`verdict ${verdict} comes without a reason`);
  if (verdict !== 'pass') return found;
  if (partial === true) found.push('verdict pass does not go with a run that was cut short');
  if (guarantee.status === 'inconclusive') found.push('verdict pass does not go with an unproven guarantee');
  const unmet = assertions.find(({ status }) => status !== 'pass');
  if (unmet !== undefined)
    found.push(
      `verdict pass does not go with "${unmet.text}" (${unmet.status === 'fail' ? 'not met' : 'no data'})`,
    );
  const silent = delivery.lost.silent + (delivery.upstream?.lost.silent ?? 0);
  if (defect?.shown === false) found.push('verdict pass does not go with a known defect that did not show');
  const known = defect !== undefined && guarantee.reasons?.some(isSilentLoss);
  if (guarantee.level !== 'at-most-once' && silent > 0 && known !== true)
    found.push(`verdict pass at ${guarantee.level} does not go with ${silent} lost silently`);
  return found;
}

function isSilentLoss(reason: Reason): boolean {
  return reason.code === 'guarantee-broken' && reason.broken === 'silent-loss';
}
