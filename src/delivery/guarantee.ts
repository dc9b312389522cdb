import { ANOMALY_KINDS, type AnomalyCounts, type AnomalyKind, anomalyEntry } from './anomaly.ts';
import { reportedReason } from './cause.ts';
import { lossReasonsOf } from './counts.ts';
import type { Anomaly, DeliveryCounts, Direction } from './judgement.ts';
import { type DeliveryLevel, GUARANTEES, type Rule } from './level.ts';
import type { LossReason } from './loss-reason.ts';
import { BROKEN, type Broken, type Reason } from './reason.ts';

/** Upstream, the server accepts each message once at every level. */
export const UPSTREAM_LEVEL: DeliveryLevel = 'effectively-once';

/** Whether a level of delivery allows a kind of anomaly. */
export function ruleFor(level: DeliveryLevel, kind: AnomalyKind): Rule {
  const { term } = anomalyEntry(kind);
  return term === undefined ? 'forbidden' : GUARANTEES[level][term];
}

/**
 * Whether an anomaly is a violation, because neither the level nor the scenario allows it.
 *
 * @param allowReported - reasons for which the scenario accepts reported loss
 */
export function isViolation(
  { kind, cause, direction }: Pick<Anomaly, 'kind' | 'cause' | 'direction'>,
  level: DeliveryLevel,
  allowReported: readonly LossReason[],
): boolean {
  const rule = ruleFor(direction === 'up' ? UPSTREAM_LEVEL : level, kind);
  if (rule !== 'by-reason') return rule === 'forbidden';
  const reason = reportedReason(cause);
  return reason === undefined || !allowReported.includes(reason);
}

/** The input for checking a guarantee. */
export interface Judged {
  readonly direction: Direction;
  readonly level: DeliveryLevel;
  readonly counts: DeliveryCounts;
  readonly anomalyCounts: Readonly<AnomalyCounts>;
  /** Reasons for which the scenario accepts reported loss. */
  readonly allowReported: readonly LossReason[];
}

/** The violations of the level of delivery; empty when the guarantee held. */
export function violations({ direction, level, counts, anomalyCounts, allowReported }: Judged): Reason[] {
  const { handled, handledAfterAck } = counts.duplicates;
  const seen: Partial<Record<Broken, number>> = {
    ...anomalyCounts,
    'silent-loss': counts.lost.silent,
    duplicate: handled - handledAfterAck,
    'duplicate-after-ack': handledAfterAck,
    reorder: counts.reordered,
    rewind: counts.rewound,
    filled: counts.filled,
    phantom: counts.phantom,
    corrupt: counts.corrupt,
    resurrected: counts.resurrected,
    'ack-before-handle': counts.ackBeforeHandle,
  };
  return BROKEN.flatMap((broken): Reason[] => {
    if (broken === 'reported-loss')
      return lossesNotAllowed(ruleFor(level, broken), counts, allowReported).map(([reason, count]) => ({
        code: 'loss-not-allowed',
        reason,
        direction,
        level,
        count,
      }));
    const count = seen[broken] ?? 0;
    const rule = broken === 'filled' ? GUARANTEES[level].disorder : ruleOfDelivery(level, broken);
    return rule === 'forbidden' && count > 0
      ? [{ code: 'guarantee-broken', broken, direction, level, count }]
      : [];
  });
}

/** The resource violations of the server; empty when there are none. */
export function resourceViolations(anomalyCounts: Readonly<AnomalyCounts>): Reason[] {
  return ANOMALY_KINDS.filter(
    (kind) => anomalyEntry(kind).concerns === 'resources' && anomalyCounts[kind] > 0,
  ).map((kind) => ({ code: 'resource-violation', kind, count: anomalyCounts[kind] }));
}

function ruleOfDelivery(level: DeliveryLevel, kind: AnomalyKind): Rule {
  return anomalyEntry(kind).concerns === 'delivery' ? ruleFor(level, kind) : 'not-judged';
}

function lossesNotAllowed(
  rule: Rule,
  { lost }: DeliveryCounts,
  allowed: readonly LossReason[],
): (readonly [reason: LossReason, count: number])[] {
  if (rule !== 'by-reason') return [];
  return lossReasonsOf(lost.reportedBy)
    .filter((reason) => lost.reportedBy[reason] > 0 && !allowed.includes(reason))
    .map((reason) => [reason, lost.reportedBy[reason]]);
}
