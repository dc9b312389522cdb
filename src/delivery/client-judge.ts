import type { AnomalyCollector, Occurrence } from './anomaly-collector.ts';
import { emptyCounts } from './counts.ts';
import { allDropped, type SessionEvidenceRecord } from './evidence.ts';
import type { StreamSets } from './gap-coverage.ts';
import { countOf, type Intervals, intersectOf, minusOf, NOTHING, range, unionOf } from './intervals.ts';
import type { Belief, DeliveryCounts } from './judgement.ts';
import { type Drain, judgeLosses } from './loss-judge.ts';
import type { PublishLog } from './publish-log.ts';
import { type ClientRecord, INVERSIONS, type SessionRecord, type StreamRecord } from './record.ts';
import { forbiddenAmong, handledOf, optionalFor, owedOf, streamOf } from './windows.ts';

export interface ClientJudgeInput {
  readonly log: PublishLog;
  readonly client: ClientRecord;
  readonly evidenceOf: (key: string) => SessionEvidenceRecord | undefined;
  readonly acked: boolean;
  readonly drain: Drain;
  readonly endUs: number;
  readonly sendsPast: boolean;
  readonly collector: AnomalyCollector;
  readonly belief: { -readonly [K in keyof Belief]: number };
}

/** Judges one client: set arithmetic on each stream it subscribed to. */
export function judgeClient(input: ClientJudgeInput): DeliveryCounts {
  const { log, client } = input;
  const counts = emptyCounts();
  const handled: StreamSets = new Map();
  for (const stream of client.subscribed) {
    handled.set(stream, handledOf(client, stream));
    judgeHandled(input, stream, handled.get(stream) ?? NOTHING, counts);
  }
  client.sessions.forEach((session, ordinal) => {
    const evidence = input.evidenceOf(session.key);
    addSessionCounts(counts, session);
    for (const record of session.streams) judgeOrder(input, record, counts);
    judgeAcks(input, session, ordinal, evidence, counts);
    if (evidence !== undefined) addBelief(input, evidence, handled);
    const missing: StreamSets = new Map();
    for (const stream of client.subscribed) {
      const owed = owedOf(log, stream, session, input.endUs);
      const lost = minusOf(owed, handled.get(stream) ?? NOTHING);
      counts.owed += countOf(owed);
      counts.delivered +=
        countOf(owed) - countOf(lost) - countOf(intersectOf(owed, corruptOf(client, stream)));
      if (lost.length > 0) missing.set(stream, lost);
    }
    if (missing.size > 0) judgeLosses({ ...input, ordinal, session, missing, evidence, counts });
  });
  return counts;
}

/** Counts the outcomes of handled pairs, each pair under the first outcome that matches. */
function judgeHandled(
  input: ClientJudgeInput,
  stream: number,
  handled: Intervals,
  counts: DeliveryCounts,
): void {
  const { log, client, endUs } = input;
  const corrupt = corruptOf(client, stream);
  let rest = minusOf(handled, corrupt);
  const forbidden = forbiddenAmong(log, stream, rest, client, input.sendsPast);
  rest = minusOf(rest, forbidden);
  const resurrected = intersectOf(rest, log.rejected(stream));
  const recovered = intersectOf(rest, log.unknown(stream));
  counts.corrupt += countOf(corrupt);
  counts.phantom += countOf(forbidden);
  counts.resurrected += countOf(resurrected);
  counts.recovered += countOf(recovered);
  counts.notOwed += countOf(minusOf(optionalFor(log, stream, client, endUs), handled));
  input.collector.count('corrupt', countOf(corrupt));
  addFound(input, 'phantom', stream, forbidden, (seq) =>
    seq > log.count(stream) ? 'never-published' : 'published-while-unsubscribed',
  );
  addFound(input, 'resurrected', stream, resurrected, () => 'publish-rejected');
}

function addFound(
  { client, collector }: ClientJudgeInput,
  kind: 'phantom' | 'resurrected',
  stream: number,
  seqs: Intervals,
  causeOf: (seq: number) => 'never-published' | 'published-while-unsubscribed' | 'publish-rejected',
): void {
  collector.add(kind, seqs, countOf(seqs), (seq) => ({
    client,
    session: Math.max(
      0,
      client.sessions.findIndex((session) => hasHandled(session, stream, seq)),
    ),
    stream,
    seq,
    cause: { code: causeOf(seq) },
  }));
}

function hasHandled(session: SessionRecord, stream: number, seq: number): boolean {
  return intersectOf(streamOf(session, stream)?.handled ?? NOTHING, range(seq, seq)).length > 0;
}

function addSessionCounts(counts: DeliveryCounts, { counts: seen }: SessionRecord): void {
  counts.duplicates.handled += seen.duplicatesHandled;
  counts.duplicates.handledAfterAck += seen.duplicatesAfterAck;
  counts.duplicates.received += seen.duplicatesReceived;
  counts.phantom += seen.phantom;
  counts.ackBeforeHandle += seen.ackBeforeHandle;
  counts.late += seen.late;
}

/**
 * Counts inversions of publishes that did not overlap; overlapping publishes may be handled in any order.
 *
 * The messages of inversions beyond the number kept are unknown; they count if at least one of those kept does.
 */
function judgeOrder(
  { log, collector }: ClientJudgeInput,
  record: StreamRecord,
  counts: DeliveryCounts,
): void {
  const kept = record.inversions;
  if (kept === undefined) return;
  const found = INVERSIONS.map(() => 0);
  for (let index = 0; index < kept.length; index += 3) {
    const older = kept[index] ?? 0;
    const newer = kept[index + 1] ?? 0;
    const kind = kept[index + 2] ?? 0;
    if (!isInverted(log, record.stream, older, newer)) continue;
    found[kind] = (found[kind] ?? 0) + 1;
    if (INVERSIONS[kind] !== 'filled')
      counts.displacementMax = Math.max(counts.displacementMax, newer - older);
  }
  const [reorder = 0, rewind = 0, filled = 0] = found.map((count, kind) =>
    count > 0 ? count + (record.inversionsBeyond?.[kind] ?? 0) : 0,
  );
  counts.reordered += reorder;
  counts.rewound += rewind;
  counts.filled += filled;
  collector.count('reorder', reorder);
  collector.count('rewind', rewind);
}

export function isInverted(log: PublishLog, stream: number, older: number, newer: number): boolean {
  if (newer > log.count(stream)) return false;
  return log.endUs(stream, older) < log.beginUs(stream, newer) || log.isOneConnection(stream, older, newer);
}

/**
 * Counts messages that the server resent although it had received the ack, by its own record or by the client's
 * resume.
 */
function judgeAcks(
  { client, collector }: ClientJudgeInput,
  session: SessionRecord,
  ordinal: number,
  evidence: SessionEvidenceRecord | undefined,
  counts: DeliveryCounts,
): void {
  let resent = 0;
  let handledAgain = session.counts.duplicatesAfterAck;
  for (const record of evidence?.streams ?? []) {
    const again = record.resentAfterAck ?? NOTHING;
    if (again.length === 0) continue;
    const seen = streamOf(session, record.stream);
    const proven = minusOf(intersectOf(seen?.repeated ?? NOTHING, again), seen?.repeatedAfterAck ?? NOTHING);
    handledAgain += countOf(proven);
    counts.duplicates.handledAfterAck += countOf(proven);
    resent += countOf(again);
    const about = (seq: number): Occurrence => ({
      client,
      session: ordinal,
      stream: record.stream,
      seq,
      cause: { code: 'resent-after-ack' },
      evidence: record,
    });
    collector.add('unsound-ack', again, 0, about);
    collector.add('duplicate-after-ack', proven, 0, about);
  }
  collector.count('unsound-ack', Math.max(resent, session.counts.resentAfterAck));
  collector.count('duplicate-after-ack', handledAgain);
  collector.count('duplicate', Math.max(0, session.counts.duplicatesHandled - handledAgain));
  collector.count('ack-before-handle', session.counts.ackBeforeHandle);
  collector.count('phantom', session.counts.phantom);
}

function addBelief(
  { belief, acked }: ClientJudgeInput,
  evidence: SessionEvidenceRecord,
  handledBy: StreamSets,
): void {
  for (const record of evidence.streams) {
    const handled = handledBy.get(record.stream) ?? NOTHING;
    const given = allDropped(record);
    // Without acks, the server believes delivered what it sent.
    const delivered = minusOf(acked ? record.acked : record.sent, given);
    const open = minusOf(minusOf(record.assigned, delivered), given);
    const ended = evidence.ended !== undefined;
    const dropped = ended ? unionOf(given, open) : given;
    const pending = ended ? NOTHING : open;
    const deliveredHandled = countOf(intersectOf(delivered, handled));
    const droppedHandled = countOf(intersectOf(dropped, handled));
    const pendingHandled = countOf(intersectOf(pending, handled));
    belief.deliveredHandled += deliveredHandled;
    belief.deliveredNotHandled += countOf(delivered) - deliveredHandled;
    belief.droppedHandled += droppedHandled;
    belief.droppedNotHandled += countOf(dropped) - droppedHandled;
    belief.pendingHandled += pendingHandled;
    belief.pendingNotHandled += countOf(pending) - pendingHandled;
  }
}

function corruptOf(client: ClientRecord, stream: number): Intervals {
  return client.sessions.reduce<Intervals>(
    (corrupt, session) => unionOf(corrupt, streamOf(session, stream)?.corrupt ?? NOTHING),
    NOTHING,
  );
}
