import { type AnomalyKind, anomalyEntry } from './anomaly.ts';
import type { LossReason } from './loss-reason.ts';

/**
 * The direction in which a slow machine may move a value: a late timer, a late ack or a publish that never left may
 * raise it, lower it, or both. A value that a slow machine can only lower is certain where it is too high.
 */
export type Slowness = 'raises' | 'lowers' | 'either';

/** Reasons of loss behind which there is a timeout, or a queue that fills while its reader waits for a CPU. */
const LATE_REASONS: ReadonlySet<LossReason> = new Set(['overflow', 'ttl', 'max-resend', 'session-expired']);

export function slownessOfKind(kind: AnomalyKind): Slowness {
  return anomalyEntry(kind).timed === true ? 'either' : 'lowers';
}

export function slownessOfReason(reason: LossReason): Slowness {
  return LATE_REASONS.has(reason) ? 'either' : 'lowers';
}
