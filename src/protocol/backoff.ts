import type { Random } from './ports.ts';

export interface BackoffPolicy {
  readonly minMs: number;
  readonly maxMs: number;
  readonly jitter: 'none' | 'full';
}

const DOUBLINGS_MAX = 30;

/** Resends, of a server and of a client, back off up to this many ack timeouts. */
export const RESEND_BACKOFF_MAX = 8;

/**
 * Exponential backoff: the wait before try `attempt`, counted from 1.
 *
 * With full jitter the wait is uniform between 0 and the backoff, which spreads a crowd best
 * ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 */
export function backoffMs(policy: BackoffPolicy, attempt: number, random: Random): number {
  const doublings = Math.min(Math.max(attempt - 1, 0), DOUBLINGS_MAX);
  const ceilingMs = Math.min(policy.maxMs, policy.minMs * 2 ** doublings);
  return policy.jitter === 'full' ? ceilingMs * random.next() : ceilingMs;
}
