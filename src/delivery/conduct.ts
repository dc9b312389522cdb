import { type AnomalyCounts, type AnomalyKind, emptyAnomalyCounts } from './anomaly.ts';
import { Examples } from './examples.ts';
import type { Anomaly } from './judgement.ts';
import type { HastyReturn } from './reconnect-pace.ts';

/**
 * How the server behaved beside what it delivered: whether it came to rest, kept its bounds, gave everything
 * back, noticed dead connections and only those, and let nobody's session have two owners. Each check looks at
 * observations that the run collects; one observation is one session, connection or resource. Instants are µs of
 * the run's clock.
 */
export interface ConductObservations {
  readonly liveness?: readonly LivenessObservation[];
  readonly bounds?: readonly BoundObservation[];
  readonly keptSessions?: readonly KeptSessionObservation[];
  readonly baselines?: readonly BaselineObservation[];
  readonly silentConnections?: readonly SilentConnectionObservation[];
  readonly slowConnections?: readonly SlowConnectionObservation[];
  readonly takeovers?: readonly TakeoverObservation[];
  readonly evictions?: readonly EvictionObservation[];
  readonly strangers?: readonly StrangerObservation[];
  readonly returns?: readonly ReturnObservation[];
}

/** A live session at the end of the drain. */
export interface LivenessObservation {
  readonly session: string;
  /** Messages that its outbox still holds. */
  readonly pending: number;
  /** When its outbox or its client last advanced. */
  readonly advancedUs: number;
  readonly endUs: number;
  /** Without an advance for this long, it is stuck. */
  readonly patienceUs: number;
}

/** The highest value seen of something that has a limit. */
export interface BoundObservation {
  readonly session: string;
  /** As in `outbox` or `buffer`, with its unit. */
  readonly what: string;
  readonly seenMax: number;
  readonly cap: number;
  /** By how much it may be passed, because the limit is looked at before something is added: the largest addition. */
  readonly slack?: number;
}

/** A session without a connection that the server still holds. */
export interface KeptSessionObservation {
  readonly session: string;
  readonly disconnectedUs: number;
  readonly seenUs: number;
  readonly ttlUs: number;
  /** How late the server may be to discard it. */
  readonly graceUs: number;
}

/** Something that has to be back where it was before the faults. */
export interface BaselineObservation {
  /** As in `sessions`, `timers` or `pending`. */
  readonly what: string;
  readonly before: number;
  readonly after: number;
  /** By how much `after` may be higher. */
  readonly tolerance: number;
  readonly atUs: number;
}

/** A connection whose client had gone silent without closing it. */
export interface SilentConnectionObservation {
  readonly session: string;
  readonly silentFromUs: number;
  /** When the server closed it; absent when it did not. */
  readonly closedUs?: number;
  /** Until when it was watched: the silence ended or the run did. */
  readonly watchedUntilUs: number;
  readonly budgetUs: number;
}

/** A connection that the server closed for missed pongs. */
export interface SlowConnectionObservation {
  readonly session: string;
  readonly closedUs: number;
  /** When the client last sent anything, pong or frame. */
  readonly lastSentUs: number;
  /** The shortest silence that justifies closing it. */
  readonly patienceUs: number;
}

/** A session that a newer connection took over. */
export interface TakeoverObservation {
  readonly session: string;
  /** First message or welcome on the newer connection. */
  readonly ownedUs: number;
  /** When the server closed the older connection; absent when it did not. */
  readonly olderClosedUs?: number;
  /** Messages that the server sent on the older connection after that. */
  readonly sentOnOlder: number;
  /** Acks of the older connection that the server took in after that. */
  readonly ackedOnOlder: number;
}

/** A client that the server put out for being too slow. */
export interface EvictionObservation {
  readonly session: string;
  readonly atUs: number;
  /** Messages that its outbox held, and from how many on it may be put out. */
  readonly pending: number;
  readonly cap: number;
}

/** A connection that the server closed for a newer owner of the session, though the client had opened no other. */
export interface StrangerObservation {
  readonly session: string;
  readonly closedUs: number;
}

/** A client that did not wait between failed attempts to connect as long as its backoff wants. */
export interface ReturnObservation extends HastyReturn {
  readonly session: string;
}

export interface HeartbeatSettings {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Pongs missed in a row after which a connection is closed. */
  readonly missed: number;
}

/**
 * The longest time that a dead connection may stay open: the silence may begin just after a pong, so one interval
 * passes before the first ping that goes unanswered, then one for each that may be missed, and the last timeout.
 */
export function detectionBudgetUs({ intervalMs, timeoutMs, missed }: HeartbeatSettings): number {
  return (intervalMs * (missed + 1) + timeoutMs) * 1000;
}

/** The shortest silence after which a connection may be closed: the last sign of life came just before a ping. */
export function shortestSilenceUs({ intervalMs, timeoutMs, missed }: HeartbeatSettings): number {
  return (intervalMs * (missed - 1) + timeoutMs) * 1000;
}

export interface ConductFindings {
  /** A limited number of each kind. */
  readonly anomalies: Anomaly[];
  readonly anomalyCounts: AnomalyCounts;
}

/** Makes all checks. */
export function judgeConduct(seen: ConductObservations, originUs: number): ConductFindings {
  const anomalyCounts = emptyAnomalyCounts();
  const examples = new Examples<Anomaly>();
  const found = [
    ...stuckSessions(seen.liveness ?? [], originUs),
    ...brokenBounds(seen.bounds ?? []),
    ...keptSessions(seen.keptSessions ?? [], originUs),
    ...leftovers(seen.baselines ?? [], originUs),
    ...undetectedConnections(seen.silentConnections ?? [], originUs),
    ...misdetectedConnections(seen.slowConnections ?? [], originUs),
    ...sharedSessions(seen.takeovers ?? [], originUs),
    ...evictedEarly(seen.evictions ?? [], originUs),
    ...takenByStrangers(seen.strangers ?? [], originUs),
    ...hastyReturns(seen.returns ?? [], originUs),
  ];
  for (const anomaly of found) {
    anomalyCounts[anomaly.kind] += 1;
    examples.add(anomaly);
  }
  return { anomalies: examples.list(), anomalyCounts };
}

function stuckSessions(seen: readonly LivenessObservation[], originUs: number): Anomaly[] {
  return seen
    .filter(({ pending, endUs, advancedUs, patienceUs }) => pending > 0 && endUs - advancedUs >= patienceUs)
    .map(({ session, pending, advancedUs, endUs }) =>
      anomaly(
        'stuck',
        session,
        `${pending} messages pending, and nothing moved for ${ms(endUs - advancedUs)}`,
        originUs,
        [
          [advancedUs, 'last advance'],
          [endUs, `end of the drain with ${pending} pending`],
        ],
      ),
    );
}

function brokenBounds(seen: readonly BoundObservation[]): Anomaly[] {
  return seen
    .filter(({ seenMax, cap, slack }) => seenMax > cap + (slack ?? 0))
    .map(({ session, what, seenMax, cap }) =>
      anomaly('limit-exceeded', session, `${what} reached ${seenMax}, its limit is ${cap}`, 0, []),
    );
}

function keptSessions(seen: readonly KeptSessionObservation[], originUs: number): Anomaly[] {
  return seen
    .filter(({ disconnectedUs, seenUs, ttlUs, graceUs }) => seenUs - disconnectedUs > ttlUs + graceUs)
    .map(({ session, disconnectedUs, seenUs, ttlUs }) =>
      anomaly(
        'leak',
        session,
        `kept ${ms(seenUs - disconnectedUs)} without a connection, its TTL is ${ms(ttlUs)}`,
        originUs,
        [
          [disconnectedUs, 'disconnected'],
          [seenUs, 'still held'],
        ],
      ),
    );
}

function leftovers(seen: readonly BaselineObservation[], originUs: number): Anomaly[] {
  return seen
    .filter(({ before, after, tolerance }) => after > before + tolerance)
    .map(({ what, before, after, atUs }) =>
      anomaly(
        'leak',
        '',
        `${what}: ${before} before the faults, ${after} after everything healed`,
        originUs,
        [[atUs, `${what} at ${after}`]],
      ),
    );
}

/** A silence that ended or was cut off before the budget was spent says nothing. */
function undetectedConnections(seen: readonly SilentConnectionObservation[], originUs: number): Anomaly[] {
  return seen
    .filter(
      ({ silentFromUs, closedUs, watchedUntilUs, budgetUs }) =>
        (closedUs ?? watchedUntilUs) - silentFromUs > budgetUs,
    )
    .map(({ session, silentFromUs, closedUs, watchedUntilUs, budgetUs }) => {
      const openUs = (closedUs ?? watchedUntilUs) - silentFromUs;
      const cause = `${closedUs === undefined ? 'still open' : 'closed only'} after ${ms(openUs)} of silence, the heartbeat allows ${ms(budgetUs)}`;
      return anomaly('undetected', session, cause, originUs, [
        [silentFromUs, 'went silent'],
        [closedUs ?? watchedUntilUs, closedUs === undefined ? 'still open' : 'closed by the server'],
      ]);
    });
}

function misdetectedConnections(seen: readonly SlowConnectionObservation[], originUs: number): Anomaly[] {
  return seen
    .filter(({ closedUs, lastSentUs, patienceUs }) => closedUs - lastSentUs < patienceUs)
    .map(({ session, closedUs, lastSentUs, patienceUs }) =>
      anomaly(
        'misdetected',
        session,
        `closed by the heartbeat ${ms(closedUs - lastSentUs)} after it had shown life, it takes ${ms(patienceUs)} to miss enough pongs`,
        originUs,
        [
          [lastSentUs, 'last sign of life'],
          [closedUs, 'closed by the server'],
        ],
      ),
    );
}

function sharedSessions(seen: readonly TakeoverObservation[], originUs: number): Anomaly[] {
  return seen.flatMap(({ session, ownedUs, olderClosedUs, sentOnOlder, ackedOnOlder }) => {
    const causes: string[] = [];
    if (olderClosedUs === undefined) causes.push('the older connection was never closed');
    else if (olderClosedUs > ownedUs)
      causes.push('the older connection was closed after the newer one had taken over');
    if (sentOnOlder > 0) causes.push(`${sentOnOlder} messages were still sent on the older connection`);
    if (ackedOnOlder > 0) causes.push(`${ackedOnOlder} acks of the older connection still counted`);
    if (causes.length === 0) return [];
    const closed: [number, string][] =
      olderClosedUs === undefined ? [] : [[olderClosedUs, 'older connection closed']];
    return [
      anomaly('split-ownership', session, causes.join('; '), originUs, [
        [ownedUs, 'newer connection took over'],
        ...closed,
      ]),
    ];
  });
}

function evictedEarly(seen: readonly EvictionObservation[], originUs: number): Anomaly[] {
  return seen
    .filter(({ pending, cap }) => pending < cap)
    .map(({ session, atUs, pending, cap }) => {
      const cause = `put out as too slow with ${pending} messages pending, its outbox takes ${cap}`;
      return anomaly('misdetected', session, cause, originUs, [[atUs, 'closed by the server']]);
    });
}

function takenByStrangers(seen: readonly StrangerObservation[], originUs: number): Anomaly[] {
  return seen.map(({ session, closedUs }) =>
    anomaly(
      'split-ownership',
      session,
      'somebody else took the session over: the client had opened no other connection',
      originUs,
      [[closedUs, 'closed for a newer owner']],
    ),
  );
}

function hastyReturns(seen: readonly ReturnObservation[], originUs: number): Anomaly[] {
  return seen.map(({ session, waits, waitedUs, backoffUs, atUs }) => {
    const cause = `${waits} waits before it tried to connect again took ${ms(waitedUs)} together, its backoff says up to ${ms(backoffUs)}`;
    return anomaly('missing-backoff', session, cause, originUs, [[atUs, 'connects again']]);
  });
}

function anomaly(
  kind: AnomalyKind,
  session: string,
  cause: string,
  originUs: number,
  events: readonly (readonly [atUs: number, event: string])[],
): Anomaly {
  const timeline = [...events]
    .sort(([a], [b]) => a - b)
    .map(([atUs, event]) => ({ atMs: (atUs - originUs) / 1000, event }));
  return { kind, session, message: '', cause, stage: '', timeline };
}

function ms(us: number): string {
  return `${Math.round(us / 1000)}ms`;
}
