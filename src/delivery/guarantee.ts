import { lossReasonsOf } from './counts.ts';
import type { AnomalyKind, DeliveryCounts, LossReason } from './judgement.ts';

export type DeliveryLevel = 'at-most-once' | 'at-least-once' | 'effectively-once';

/** `by-reason`: allowed where the scenario names the reason. `not-judged`: the level has no such thing. */
type Rule = 'allowed' | 'forbidden' | 'by-reason' | 'not-judged';

export interface Guarantee {
  readonly silentLoss: Rule;
  readonly reportedLoss: Rule;
  /** Handled again while the server could not know that it had been handled. */
  readonly duplicateBeforeAck: Rule;
  /** Sent again after the server had taken in the ack. */
  readonly duplicateAfterAck: Rule;
  /** Handled in another order than published. */
  readonly disorder: Rule;
  readonly phantom: Rule;
  readonly corrupt: Rule;
  readonly resurrected: Rule;
  readonly ackBeforeHandle: Rule;
}

/** What each level of delivery promises. */
export const GUARANTEES: Readonly<Record<DeliveryLevel, Guarantee>> = {
  'at-most-once': {
    silentLoss: 'allowed',
    reportedLoss: 'allowed',
    duplicateBeforeAck: 'forbidden',
    duplicateAfterAck: 'forbidden',
    disorder: 'allowed',
    phantom: 'forbidden',
    corrupt: 'forbidden',
    resurrected: 'forbidden',
    ackBeforeHandle: 'not-judged',
  },
  'at-least-once': {
    silentLoss: 'forbidden',
    reportedLoss: 'by-reason',
    duplicateBeforeAck: 'allowed',
    duplicateAfterAck: 'forbidden',
    disorder: 'allowed',
    phantom: 'forbidden',
    corrupt: 'forbidden',
    resurrected: 'forbidden',
    ackBeforeHandle: 'forbidden',
  },
  'effectively-once': {
    silentLoss: 'forbidden',
    reportedLoss: 'by-reason',
    duplicateBeforeAck: 'forbidden',
    duplicateAfterAck: 'forbidden',
    disorder: 'forbidden',
    phantom: 'forbidden',
    corrupt: 'forbidden',
    resurrected: 'forbidden',
    ackBeforeHandle: 'forbidden',
  },
};

/** What a server may do at no level, whatever became of the messages. */
const FORBIDDEN_EVERYWHERE: readonly (readonly [AnomalyKind, string])[] = [
  ['unsound-ack', 'messages were sent again after their ack had been taken in'],
  ['lying-resume', 'sessions were resumed as if complete while messages had been skipped'],
  ['two-owners', 'sessions had two owners at a time'],
  ['stuck', 'sessions were stuck: messages pending, and nothing moved any more'],
];

/** Misuse of memory, time or connections: a matter of resources, not of delivery. */
const RESOURCE_RULES: readonly (readonly [AnomalyKind, string])[] = [
  ['over-bound', 'queues or buffers grew over their limit'],
  ['leak', 'resources were not given back'],
  ['undetected', 'dead connections were not closed within the heartbeat budget'],
  ['misdetected', 'slow but living connections were closed'],
  ['hasty-return', 'clients came back sooner than their backoff allows'],
];

/**
 * Says in words what a run did that its level of delivery does not allow; empty when the guarantee held.
 *
 * @param allowReported - reasons for which the scenario accepts reported loss
 */
export function violations(
  level: DeliveryLevel,
  counts: DeliveryCounts,
  anomalyCounts: Readonly<Record<AnomalyKind, number>>,
  allowReported: readonly LossReason[],
): string[] {
  const rules = GUARANTEES[level];
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
  for (const [kind, text] of FORBIDDEN_EVERYWHERE) found.push(['forbidden', anomalyCounts[kind], text]);
  return found
    .filter(([rule, count]) => rule === 'forbidden' && count > 0)
    .map(([, count, text]) => `${level}: ${count} ${text}`);
}

/** Says in words where the server misused resources; empty when it did not. */
export function resourceViolations(anomalyCounts: Readonly<Record<AnomalyKind, number>>): string[] {
  return RESOURCE_RULES.filter(([kind]) => anomalyCounts[kind] > 0).map(
    ([kind, text]) => `${anomalyCounts[kind]} ${text}`,
  );
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
