import { type AnomalyKind, anomalyEntry } from './anomaly.ts';
import type { LossReason } from './loss-reason.ts';
import type { Lateness, Reason } from './reason.ts';

/**
 * The direction in which a slow machine may move a value: a late timer, a late ack or an unsent publish may raise it,
 * lower it, or both. A value that a slow machine can only lower, and that is too high, is a certain violation.
 */
export type Slowness = 'raises' | 'lowers' | 'either';

/** Loss reasons that a slow machine can cause: a timeout, or a queue that fills while its reader waits for a CPU. */
const LATE_REASONS: ReadonlySet<LossReason> = new Set(['overflow', 'ttl', 'max-resend', 'session-expired']);

/** Splits violations into those that are certain and those that a slow machine may have caused. */
export function splitBySlowness(
  violations: readonly Reason[],
  late: Lateness | undefined,
): { readonly certain: Reason[]; readonly undecided: Reason[] } {
  const split = { certain: [] as Reason[], undecided: [] as Reason[] };
  for (const violation of violations) {
    const found = late === undefined ? undefined : timedKind(violation);
    if (found === undefined || late === undefined) split.certain.push(violation);
    else split.undecided.push({ code: 'violation-undecided', ...found, late });
  }
  return split;
}

/**
 * Violations of a level never depend on timing; only anomalies that are wrong at every level may come from a late
 * timer.
 */
function timedKind(violation: Reason): { readonly kind: AnomalyKind; readonly count: number } | undefined {
  switch (violation.code) {
    case 'guarantee-broken': {
      const { broken, count } = violation;
      if (broken === 'filled' || anomalyEntry(broken).term !== undefined) return undefined;
      return isTimed(broken) ? { kind: broken, count } : undefined;
    }
    case 'loss-not-allowed': {
      const { reason, count } = violation;
      return LATE_REASONS.has(reason) ? { kind: 'reported-loss', count } : undefined;
    }
    case 'resource-violation': {
      const { kind, count } = violation;
      return isTimed(kind) ? { kind, count } : undefined;
    }
    default:
      return undefined;
  }
}

function isTimed(kind: AnomalyKind): boolean {
  return anomalyEntry(kind).timed === true;
}

export function slownessOfKind(kind: AnomalyKind): Slowness {
  return isTimed(kind) ? 'either' : 'lowers';
}

export function slownessOfReason(reason: LossReason): Slowness {
  return LATE_REASONS.has(reason) ? 'either' : 'lowers';
}
