import { ANOMALY_KINDS, type AnomalyCounts, type AnomalyKind, anomalyEntry } from './anomaly.ts';
import { reportedReason } from './cause.ts';
import { lossReasonsOf } from './counts.ts';
import type { Anomaly, DeliveryCounts } from './judgement.ts';
import { type DeliveryLevel, GUARANTEES, type Guarantee, type Rule } from './level.ts';
import type { LossReason } from './loss-reason.ts';

/** What became of it, of kinds that no count of deliveries shows. */
const TEXTS: Partial<Record<AnomalyKind, string>> = {
  'unsound-ack': 'messages were sent again after their ack had been taken in',
  'false-resume': 'sessions were resumed as if complete while messages had been skipped',
  'split-ownership': 'sessions had two owners at a time',
  stuck: 'sessions were stuck: messages pending, and nothing moved any more',
  'limit-exceeded': 'queues or buffers grew over their limit',
  leak: 'resources were not given back',
  undetected: 'dead connections were not closed within the heartbeat budget',
  misdetected: 'slow but living connections were closed',
  'missing-backoff': 'clients came back sooner than their backoff allows',
};

/** The server takes in each message of a client once, whatever it gives the other way. */
export const UPSTREAM_LEVEL: DeliveryLevel = 'effectively-once';

/** What a level of delivery says of a kind of anomaly. */
export function ruleFor(level: DeliveryLevel, kind: AnomalyKind): Rule {
  const { term } = anomalyEntry(kind);
  return term === undefined ? 'forbidden' : GUARANTEES[level][term];
}

/**
 * Whether an anomaly is to be blamed on the system under test, and not allowed by the level or the scenario.
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

/**
 * Says in words what a run did that its level of delivery does not allow; empty when the guarantee held.
 *
 * @param allowReported - reasons for which the scenario accepts reported loss
 */
export function violations(
  level: DeliveryLevel,
  counts: DeliveryCounts,
  anomalyCounts: Readonly<AnomalyCounts>,
  allowReported: readonly LossReason[],
): string[] {
  const rules: Guarantee = GUARANTEES[level];
  const { handled, handledAfterAck } = counts.duplicates;
  const found: [Rule, number, string][] = [
    [rules.silentLoss, counts.lost.silent, 'deliveries were lost silently'],
    ...reportedLosses(rules.reportedLoss, counts, allowReported),
    [rules.duplicateBeforeAck, handled - handledAfterAck, 'messages were handled again before their ack'],
    [rules.duplicateAfterAck, handledAfterAck, 'messages were handled again after their ack'],
    [rules.disorder, counts.reordered, 'messages were handled out of order on one connection'],
    [rules.disorder, counts.rewound, 'messages were handled after newer ones, across a reconnect'],
    [
      rules.disorder,
      counts.filled,
      'messages were handled after newer ones, when a resend filled their place',
    ],
    [rules.phantom, counts.phantom, 'messages arrived that were not for this client or not of this run'],
    [rules.corrupt, counts.corrupt, 'messages were handled with a body that is not the one published'],
    [rules.resurrected, counts.resurrected, 'messages were handled although their publish was rejected'],
    [rules.ackBeforeHandle, counts.ackBeforeHandle, 'acks left before what they cover was handled'],
  ];
  for (const kind of ANOMALY_KINDS) {
    const { concerns, term } = anomalyEntry(kind);
    if (concerns === 'delivery' && term === undefined)
      found.push(['forbidden', anomalyCounts[kind], TEXTS[kind] ?? kind]);
  }
  return found
    .filter(([rule, count]) => rule === 'forbidden' && count > 0)
    .map(([, count, text]) => `${level}: ${count} ${text}`);
}

/** Says in words where the server misused resources; empty when it did not. */
export function resourceViolations(anomalyCounts: Readonly<AnomalyCounts>): string[] {
  return ANOMALY_KINDS.filter(
    (kind) => anomalyEntry(kind).concerns === 'resources' && anomalyCounts[kind] > 0,
  ).map((kind) => `${anomalyCounts[kind]} ${TEXTS[kind] ?? kind}`);
}

function reportedLosses(
  rule: Rule,
  { lost }: DeliveryCounts,
  allowed: readonly LossReason[],
): [Rule, number, string][] {
  return lossReasonsOf(lost.reportedBy).map((reason) => {
    const forbidden = rule === 'by-reason' && !allowed.includes(reason);
    const text = `deliveries were lost and reported with reason ${reason}, which the scenario does not allow`;
    return [forbidden ? 'forbidden' : 'allowed', lost.reportedBy[reason], text];
  });
}
