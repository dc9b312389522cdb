import { type AnomalyCounts, type AnomalyKind, emptyAnomalyCounts } from './anomaly.ts';
import { sessionName } from './anomaly-collector.ts';
import type { Cause, GivenBack, Limited } from './cause.ts';
import { Examples } from './examples.ts';
import type { Anomaly } from './judgement.ts';
import type { MissingBackoff } from './reconnect-pace.ts';
import type { Note } from './timeline-event.ts';

/**
 * Invariants of the server beyond delivery: it comes to rest, keeps its limits, releases everything, detects dead
 * connections and only those, and gives each session one owner. Each check takes observations that the run collects;
 * one observation is one session, connection or resource. Instants are µs of the run's clock.
 */
export interface InvariantObservations {
  readonly liveness?: readonly LivenessObservation[];
  readonly bounds?: readonly BoundObservation[];
  readonly keptSessions?: readonly KeptSessionObservation[];
  readonly baselines?: readonly BaselineObservation[];
  readonly silentConnections?: readonly SilentConnectionObservation[];
  readonly slowConnections?: readonly SlowConnectionObservation[];
  readonly takeovers?: readonly TakeoverObservation[];
  readonly evictions?: readonly EvictionObservation[];
  readonly hijacks?: readonly HijackObservation[];
  readonly returns?: readonly ReturnObservation[];
}

/** A live session at the end of the drain. */
export interface LivenessObservation {
  readonly client: number;
  /** Messages still in its outbox. */
  readonly pending: number;
  /** When its outbox or its client last made progress. */
  readonly advancedUs: number;
  readonly endUs: number;
  /** It is stuck when it makes no progress for this long. */
  readonly patienceUs: number;
}

/** The highest observed value of a limited resource. */
export interface BoundObservation {
  readonly what: Limited;
  readonly seenMax: number;
  readonly cap: number;
  /** By how much the limit may be exceeded: the largest single addition, since the limit is checked before adding. */
  readonly slack?: number;
}

/** A session without a connection that the server still holds. */
export interface KeptSessionObservation {
  readonly client: number;
  readonly disconnectedUs: number;
  readonly seenUs: number;
  readonly ttlUs: number;
  /** How late the server may discard it. */
  readonly graceUs: number;
}

/** A resource that must return to its value before the faults. */
export interface BaselineObservation {
  readonly what: GivenBack;
  readonly before: number;
  readonly after: number;
  /** By how much `after` may exceed `before`. */
  readonly tolerance: number;
  readonly atUs: number;
}

/** A connection whose client went silent without closing it. */
export interface SilentConnectionObservation {
  readonly client: number;
  readonly silentFromUs: number;
  /** When the server closed it; absent when it did not. */
  readonly closedUs?: number;
  /** End of the observation: the silence ended, or the run did. */
  readonly watchedUntilUs: number;
  readonly budgetUs: number;
}

/** A connection that the server closed for missed pongs. */
export interface SlowConnectionObservation {
  readonly client: number;
  readonly closedUs: number;
  /** When the client last sent a pong or a frame. */
  readonly lastSentUs: number;
  /** The shortest silence that justifies closing it. */
  readonly patienceUs: number;
}

/** A session that was taken over by a newer connection. */
export interface TakeoverObservation {
  readonly client: number;
  /** First message or welcome on the newer connection. */
  readonly ownedUs: number;
  /** When the server closed the older connection; absent when it did not. */
  readonly olderClosedUs?: number;
  /** Messages that the server sent on the older connection after that. */
  readonly sentOnOlder: number;
  /** Acks on the older connection that the server accepted after that. */
  readonly ackedOnOlder: number;
}

/** A client that the server evicted for being too slow. */
export interface EvictionObservation {
  readonly client: number;
  readonly atUs: number;
  /** Messages in its outbox, and the number from which on it may be evicted. */
  readonly pending: number;
  readonly cap: number;
}

/** A connection that the server closed for a newer owner of the session although the client had opened no other. */
export interface HijackObservation {
  readonly client: number;
  readonly closedUs: number;
}

/** A client that waited less between failed attempts to connect than its backoff requires. */
export interface ReturnObservation extends MissingBackoff {
  readonly client: number;
}

export interface HeartbeatSettings {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Consecutive missed pongs after which a connection is closed. */
  readonly missed: number;
  /** The least that a client has to read, bytes a second. */
  readonly minRate: number;
}

/**
 * The longest time that a dead connection may stay open: the silence may begin just after a pong, so one interval
 * passes before the first ping that goes unanswered, then one for each that may be missed, and the last timeout. To
 * that comes the time that is given to the client to read what it has not read yet.
 *
 * @param unreadBytes - sent before the silence or in it and not known to be read
 */
export function detectionBudgetUs(settings: HeartbeatSettings, unreadBytes: number): number {
  const { intervalMs, timeoutMs, missed } = settings;
  return (intervalMs * (missed + 1) + timeoutMs) * 1000 + readingUs(settings, unreadBytes);
}

/**
 * The shortest silence after which a connection may be closed: the last sign of life came just before a ping. A client
 * that was sent something before the last ping is given the time to read it first.
 *
 * @param inFrontBytes - sent after the last sign of life and before the last ping
 */
export function shortestSilenceUs(settings: HeartbeatSettings, inFrontBytes: number): number {
  const { intervalMs, timeoutMs, missed } = settings;
  const pingsUs = (intervalMs * (missed - 1) + timeoutMs) * 1000;
  return Math.max(pingsUs, timeoutMs * 1000 + readingUs(settings, inFrontBytes));
}

function readingUs({ minRate }: HeartbeatSettings, bytes: number): number {
  return Math.ceil((bytes * 1_000_000) / minRate);
}

export interface InvariantFindings {
  /** A limited number of each kind. */
  readonly anomalies: Anomaly[];
  readonly anomalyCounts: AnomalyCounts;
}

/** Makes all checks. */
export function judgeInvariants(seen: InvariantObservations, originUs: number): InvariantFindings {
  const anomalyCounts = emptyAnomalyCounts();
  const examples = new Examples<Anomaly>();
  const found = [
    ...stuckSessions(seen.liveness ?? []),
    ...brokenBounds(seen.bounds ?? []),
    ...keptSessions(seen.keptSessions ?? []),
    ...leftovers(seen.baselines ?? []),
    ...undetectedConnections(seen.silentConnections ?? []),
    ...misdetectedConnections(seen.slowConnections ?? []),
    ...sharedSessions(seen.takeovers ?? []),
    ...evictedEarly(seen.evictions ?? []),
    ...hijackedSessions(seen.hijacks ?? []),
    ...missingBackoffs(seen.returns ?? []),
  ];
  for (const one of found) {
    anomalyCounts[one.kind] += 1;
    if (examples.wants(one.kind)) examples.add(anomalyOf(one, originUs));
  }
  return { anomalies: examples.list(), anomalyCounts };
}

function stuckSessions(seen: readonly LivenessObservation[]): Found[] {
  return seen
    .filter(({ pending, endUs, advancedUs, patienceUs }) => pending > 0 && endUs - advancedUs >= patienceUs)
    .map(({ client, pending, advancedUs, endUs }) => ({
      kind: 'stuck',
      client,
      cause: { code: 'nothing-moved', pending, idleUs: endUs - advancedUs },
      events: [
        [advancedUs, { code: 'last-advance' }],
        [endUs, { code: 'drain-ended', pending }],
      ],
    }));
}

function brokenBounds(seen: readonly BoundObservation[]): Found[] {
  return seen
    .filter(({ seenMax, cap, slack }) => seenMax > cap + (slack ?? 0))
    .map(({ what, seenMax, cap }) => ({
      kind: 'limit-exceeded',
      cause: { code: 'over-limit', what, seen: seenMax, limit: cap },
      events: [],
    }));
}

function keptSessions(seen: readonly KeptSessionObservation[]): Found[] {
  return seen
    .filter(({ disconnectedUs, seenUs, ttlUs, graceUs }) => seenUs - disconnectedUs > ttlUs + graceUs)
    .map(({ client, disconnectedUs, seenUs, ttlUs }) => ({
      kind: 'leak',
      client,
      cause: { code: 'session-kept', keptUs: seenUs - disconnectedUs, ttlUs },
      events: [
        [disconnectedUs, { code: 'disconnected' }],
        [seenUs, { code: 'still-held' }],
      ],
    }));
}

function leftovers(seen: readonly BaselineObservation[]): Found[] {
  return seen
    .filter(({ before, after, tolerance }) => after > before + tolerance)
    .map(({ what, before, after, atUs }) => ({
      kind: 'leak',
      cause: { code: 'not-given-back', what, before, after },
      events: [[atUs, { code: 'left-over', count: after }]],
    }));
}

/** A silence that ended, or whose observation ended, within the budget proves nothing. */
function undetectedConnections(seen: readonly SilentConnectionObservation[]): Found[] {
  return seen
    .filter(
      ({ silentFromUs, closedUs, watchedUntilUs, budgetUs }) =>
        (closedUs ?? watchedUntilUs) - silentFromUs > budgetUs,
    )
    .map(({ client, silentFromUs, closedUs, watchedUntilUs, budgetUs }) => {
      const untilUs = closedUs ?? watchedUntilUs;
      const code = closedUs === undefined ? 'still-open' : 'closed-late';
      return {
        kind: 'undetected',
        client,
        cause: { code, silentUs: untilUs - silentFromUs, allowedUs: budgetUs },
        events: [
          [silentFromUs, { code: 'went-silent' }],
          [untilUs, { code: closedUs === undefined ? 'remained-open' : 'closed-by-server' }],
        ],
      };
    });
}

function misdetectedConnections(seen: readonly SlowConnectionObservation[]): Found[] {
  return seen
    .filter(({ closedUs, lastSentUs, patienceUs }) => closedUs - lastSentUs < patienceUs)
    .map(({ client, closedUs, lastSentUs, patienceUs }) => ({
      kind: 'misdetected',
      client,
      cause: { code: 'closed-alive', silentUs: closedUs - lastSentUs, neededUs: patienceUs },
      events: [
        [lastSentUs, { code: 'last-sign-of-life' }],
        [closedUs, { code: 'closed-by-server' }],
      ],
    }));
}

function sharedSessions(seen: readonly TakeoverObservation[]): Found[] {
  return seen.flatMap((takeover): Found[] => {
    const { client, ownedUs, olderClosedUs, sentOnOlder, ackedOnOlder } = takeover;
    const code = misuseOfOlder(takeover);
    if (code === undefined) return [];
    const closed: Note[] = olderClosedUs === undefined ? [] : [[olderClosedUs, { code: 'older-closed' }]];
    return [
      {
        kind: 'split-ownership',
        client,
        cause: { code, sent: sentOnOlder, acked: ackedOnOlder },
        events: [[ownedUs, { code: 'newer-took-over' }], ...closed],
      },
    ];
  });
}

function misuseOfOlder({
  ownedUs,
  olderClosedUs,
  sentOnOlder,
  ackedOnOlder,
}: TakeoverObservation): 'older-never-closed' | 'older-closed-late' | 'older-still-used' | undefined {
  if (olderClosedUs === undefined) return 'older-never-closed';
  if (olderClosedUs > ownedUs) return 'older-closed-late';
  return sentOnOlder + ackedOnOlder > 0 ? 'older-still-used' : undefined;
}

function evictedEarly(seen: readonly EvictionObservation[]): Found[] {
  return seen
    .filter(({ pending, cap }) => pending < cap)
    .map(({ client, atUs, pending, cap }) => ({
      kind: 'misdetected',
      client,
      cause: { code: 'evicted-early', pending, limit: cap },
      events: [[atUs, { code: 'closed-by-server' }]],
    }));
}

function hijackedSessions(seen: readonly HijackObservation[]): Found[] {
  return seen.map(({ client, closedUs }) => ({
    kind: 'split-ownership',
    client,
    cause: { code: 'taken-by-another' },
    events: [[closedUs, { code: 'closed-for-newer-owner' }]],
  }));
}

function missingBackoffs(seen: readonly ReturnObservation[]): Found[] {
  return seen.map(({ client, waits, waitedUs, backoffUs, atUs }) => ({
    kind: 'missing-backoff',
    client,
    cause: { code: 'waited-too-short', waits, waitedUs, backoffUs },
    events: [[atUs, { code: 'connects-again' }]],
  }));
}

/** The finding of a check, before it becomes an anomaly. */
interface Found {
  readonly kind: AnomalyKind;
  /** Absent: the whole run. */
  readonly client?: number;
  readonly cause: Cause;
  readonly events: readonly Note[];
}

function anomalyOf({ kind, client, cause, events }: Found, originUs: number): Anomaly {
  const timeline = events
    .toSorted(([a], [b]) => a - b)
    .map(([atUs, event]) => ({ atMs: (atUs - originUs) / 1000, ...event }));
  return {
    kind,
    direction: 'down',
    ...(client === undefined ? {} : { client }),
    session: client === undefined ? '' : sessionName(client, 0),
    message: '',
    cause,
    timeline,
  };
}
