import { type Assertion, type AssertionOutcome, holdsFor } from '../scenario/assertion.ts';
import { SESSION_GRACE_US } from './invariant-observations.ts';
import type { RunRecord } from './run-record.ts';

/** What shrinks when a session ends, as it was at the end of the run. */
const GIVEN_BACK: ReadonlySet<string> = new Set([
  'saturation.sessions',
  'saturation.timers',
  'saturation.outbox.pending',
  'saturation.outbox.total',
  'saturation.outbox.bytes',
  'saturation.heapAfterGc',
  'saturation.rss',
]);

/**
 * Sessions without a connection that had not reached the end of their time when the run ended: it did not see whether
 * the server gives them back.
 */
export function unexpiredSessions({ server, scenario, instants }: RunRecord): number {
  const aliveSinceUs = instants.endUs - scenario.server.resumeTtl * 1000 - SESSION_GRACE_US;
  return server?.absent.filter(({ sinceUs }) => sinceUs >= aliveSinceUs).length ?? 0;
}

/** Whether an assertion could have come out otherwise, had the run lasted until these sessions had to be gone. */
export function hangsOnExpiry(
  { metric, aggregate, op, bound }: Assertion,
  { actual }: AssertionOutcome,
  unexpired: number,
): boolean {
  if (actual === undefined || unexpired === 0) return false;
  const { name } = metric;
  let [low, high] = [actual, actual];
  if (name === 'anomalies.leak') high += unexpired;
  else if (GIVEN_BACK.has(name) && aggregate === 'final')
    low = name === 'saturation.sessions' ? Math.max(0, actual - unexpired) : 0;
  const possible = [low, high, Math.min(Math.max(bound, low), high)];
  return possible.some((value) => holdsFor(value, op, bound) !== holdsFor(actual, op, bound));
}
