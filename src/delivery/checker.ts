import type { AnomalyCounts } from './anomaly.ts';
import { AnomalyCollector } from './anomaly-collector.ts';
import { isInverted, judgeClient } from './client-judge.ts';
import { addCounts, emptyCounts } from './counts.ts';
import type { EvidenceRecord, SessionEvidenceRecord } from './evidence.ts';
import { countOf } from './intervals.ts';
import type { Anomaly, Belief, DeliveryCounts } from './judgement.ts';
import type { DeliveryLevel } from './level.ts';
import type { Drain } from './loss-judge.ts';
import type { PublishLog } from './publish-log.ts';
import type { Reason } from './reason.ts';
import type { ClientRecord, LedgerExample } from './record.ts';

/** The input of the checker: all records of a run. */
export interface JudgeInput {
  readonly log: PublishLog;
  readonly clients: readonly ClientRecord[];
  /** Examples of each kind of anomaly that the ledgers of all processes kept. */
  readonly examples: readonly LedgerExample[];
  /** The server's own record, if available. */
  readonly evidence?: EvidenceRecord;
  readonly level: DeliveryLevel;
  readonly drain: Drain;
  /** The instant from which timelines count. */
  readonly originUs: number;
  /** End of the drain. */
  readonly endUs: number;
  /** The server may send what was published before a client came: history, retained messages. Absent: it does not. */
  readonly sendsPast?: boolean;
  /** Clients that a fault disconnects for good. */
  readonly awayOnPurpose?: ReadonlySet<number>;
}

export interface Judgement {
  readonly delivery: DeliveryCounts;
  readonly profiles: Record<string, DeliveryCounts>;
  readonly belief?: Belief;
  /** A limited number of each kind. */
  readonly anomalies: Anomaly[];
  readonly anomalyCounts: AnomalyCounts;
  /** Unresolved deliveries of clients that should have been connected. */
  readonly unresolvedUnexpected: number;
}

/**
 * Decides the outcome of every message for every client.
 *
 * The cost grows with the number of clients, sessions, streams and anomalies, not with the number of deliveries.
 */
export function judge(input: JudgeInput): Judgement {
  const { log, evidence } = input;
  const collector = new AnomalyCollector(input);
  const bySession = sessionsByKey(evidence);
  const belief = emptyBelief();
  const delivery = emptyCounts();
  delivery.published = publishedIn(log, range(log.streamCount));
  const profiles: Record<string, DeliveryCounts> = {};
  const streamsOf = new Map<string, Set<number>>();
  let unresolvedUnexpected = 0;
  addExamples(input, collector);
  for (const client of input.clients) {
    const counts = judgeClient({
      log,
      client,
      evidenceOf: (key) => bySession.get(key),
      acked: input.level !== 'at-most-once',
      drain: input.drain,
      endUs: input.endUs,
      sendsPast: input.sendsPast ?? false,
      collector,
      belief,
    });
    addCounts(delivery, counts);
    const profile = profiles[client.profile] ?? emptyCounts();
    profiles[client.profile] = profile;
    addCounts(profile, counts);
    const streams = streamsOf.get(client.profile) ?? new Set();
    streamsOf.set(client.profile, streams);
    for (const stream of client.subscribed) streams.add(stream);
    if (!input.awayOnPurpose?.has(client.client)) unresolvedUnexpected += counts.unresolved;
  }
  for (const [profile, counts] of Object.entries(profiles)) {
    counts.published = publishedIn(log, streamsOf.get(profile) ?? []);
  }
  return {
    delivery,
    profiles,
    ...(evidence === undefined ? {} : { belief }),
    anomalies: collector.anomalies,
    anomalyCounts: collector.counts,
    unresolvedUnexpected,
  };
}

/**
 * Why a run is inconclusive: a profile was owed nothing, or deliveries are unresolved although their clients should
 * have been connected.
 */
export function inconclusiveReasons({ profiles, unresolvedUnexpected }: Judgement): Reason[] {
  const direction = 'down';
  const reasons = Object.entries(profiles)
    .filter(([, counts]) => counts.owed === 0)
    .map(([profile]): Reason => ({ code: 'nothing-owed', profile, direction }));
  if (unresolvedUnexpected > 0)
    reasons.push({ code: 'deliveries-unresolved', direction, count: unresolvedUnexpected });
  return reasons;
}

/** Adds the examples of the ledgers, except inversions of overlapping publishes, which have no order. */
function addExamples({ log, clients, examples }: JudgeInput, collector: AnomalyCollector): void {
  const byNumber = new Map(clients.map((client) => [client.client, client]));
  for (const example of examples) {
    const client = byNumber.get(example.client);
    if (client === undefined) continue;
    if (example.newer > 0 && !isInverted(log, example.stream, example.seq, example.newer)) continue;
    collector.example(example.kind, {
      client,
      session: example.session,
      stream: example.stream,
      seq: example.seq,
      cause: example.cause,
      seen: [example.atUs, { code: 'seen', position: example.position }],
      notes: example.notes,
    });
  }
}

function sessionsByKey(evidence: EvidenceRecord | undefined): Map<string, SessionEvidenceRecord> {
  return new Map(evidence?.sessions.map((session) => [session.key, session]));
}

function publishedIn(log: PublishLog, streams: Iterable<number>): number {
  let published = 0;
  for (const stream of streams) published += countOf(log.accepted(stream));
  return published;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function emptyBelief(): { -readonly [K in keyof Belief]: number } {
  return {
    deliveredHandled: 0,
    deliveredNotHandled: 0,
    droppedHandled: 0,
    droppedNotHandled: 0,
    pendingHandled: 0,
    pendingNotHandled: 0,
  };
}
