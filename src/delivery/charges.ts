import { type DeliveryLevel, GUARANTEES, type Guarantee } from './guarantee.ts';
import type { Anomaly, AnomalyKind, LossReason } from './judgement.ts';

/** The promise that each kind of anomaly breaks; what is not here is wrong at every level. */
const PROMISES: Partial<Record<AnomalyKind, keyof Guarantee>> = {
  'silent-loss': 'silentLoss',
  'reported-loss': 'reportedLoss',
  duplicate: 'duplicateBeforeAck',
  'duplicate-after-ack': 'duplicateAfterAck',
  reorder: 'disorder',
  rewind: 'disorder',
  phantom: 'phantom',
  corrupt: 'corrupt',
  resurrected: 'resurrected',
  'ack-before-handle': 'ackBeforeHandle',
};

/** What a level of delivery says of a kind of anomaly. */
export function ruleFor(level: DeliveryLevel, kind: AnomalyKind): Guarantee[keyof Guarantee] {
  const promise = PROMISES[kind];
  return promise === undefined ? 'forbidden' : GUARANTEES[level][promise];
}

/**
 * Whether an anomaly is to be blamed on the system under test, and not allowed by the level or the scenario.
 *
 * @param allowReported - reasons for which the scenario accepts reported loss
 */
export function isCharge(
  { kind, cause }: Pick<Anomaly, 'kind' | 'cause'>,
  level: DeliveryLevel,
  allowReported: readonly LossReason[],
): boolean {
  // The server takes in what clients send effectively once, whatever it gives the other way.
  const rule = ruleFor(cause.startsWith(UPSTREAM) ? 'effectively-once' : level, kind);
  if (rule !== 'by-reason') return rule === 'forbidden';
  const reason = cause.replace(UPSTREAM, '').split(':')[0];
  return !allowReported.some((allowed) => allowed === reason);
}

/** How the causes of anomalies on the way from a client to the server begin. */
const UPSTREAM = 'upstream: ';
