import { lossReasonsOf } from './counts.ts';
import {
  clip,
  countOf,
  type Intervals,
  intersectOf,
  intervalsOf,
  members,
  minusOf,
  NOTHING,
  unionOf,
} from './intervals.ts';
import type { LossReason } from './loss-reason.ts';
import type { PublishLog } from './publish-log.ts';
import type { GapWindow, SessionRecord } from './record.ts';
import { streamOf } from './windows.ts';

/** Sets of seqs, one for each stream. */
export type StreamSets = Map<number, Intervals>;

export interface GapCoverageInput {
  readonly log: PublishLog;
  readonly session: SessionRecord;
  /** Messages that the session was owed and its client never handled, per stream. */
  readonly missing: StreamSets;
  /** Messages of a stream that the server dropped by its own record; these are credited first. */
  readonly dropped: (stream: number) => Intervals;
}

/**
 * Finds the missing messages that the gaps of a session cover, by reason.
 *
 * A gap names positions. If a message arrived at such a position, its identity is known. Otherwise a gap covers as
 * many messages as it has positions, chosen from those that can have been there; any further missing message was
 * skipped without a report.
 */
export function coveredByGaps(input: GapCoverageInput): Map<LossReason, StreamSets> {
  const covered = new Map<LossReason, StreamSets>();
  const open: StreamSets = new Map();
  for (const [stream, missing] of input.missing) {
    const record = streamOf(input.session, stream);
    for (const reason of lossReasonsOf(record?.givenUp ?? {})) {
      cover(covered, reason, stream, intersectOf(missing, record?.givenUp?.[reason] ?? NOTHING));
    }
    // An arrived message has a known position, so no other position can cover it.
    open.set(stream, minusOf(missing, record?.unhandled ?? NOTHING));
  }
  const left = input.session.gapWindows.map((window) =>
    spend(input, covered, open, window, window.credits, within),
  );
  // Overlapping publishes may get their positions in any order, so a message can stand at its neighbour's position.
  input.session.gapWindows.forEach((window, index) => {
    spend(input, covered, open, window, left[index] ?? [], overlapping);
  });
  return covered;
}

type Credits = GapWindow['credits'];
type Candidates = (log: PublishLog, stream: number, open: Intervals, window: GapWindow) => Intervals;

/** Strictly between the neighbours that arrived. */
function within(_: PublishLog, stream: number, open: Intervals, window: GapWindow): Intervals {
  const upper = window.upper[stream] ?? 0;
  return clip(open, (window.lower[stream] ?? 0) + 1, upper > 0 ? upper - 1 : Number.MAX_SAFE_INTEGER);
}

/** Published concurrently with one of the neighbours. */
function overlapping(log: PublishLog, stream: number, open: Intervals, window: GapWindow): Intervals {
  let found = NOTHING;
  for (const neighbour of [window.lower[stream] ?? 0, window.upper[stream] ?? 0]) {
    if (neighbour < 1 || neighbour > log.count(stream)) continue;
    const beginUs = log.beginUs(stream, neighbour);
    const endUs = log.endUs(stream, neighbour);
    const around = log.acceptedAround(stream, beginUs, endUs === Number.POSITIVE_INFINITY ? beginUs : endUs);
    found = unionOf(found, intersectOf(open, around));
  }
  return found;
}

/** @returns credits without a matching message */
function spend(
  { log, dropped }: GapCoverageInput,
  covered: Map<LossReason, StreamSets>,
  open: StreamSets,
  window: GapWindow,
  credits: Credits,
  candidatesOf: Candidates,
): Credits {
  const total = credits.reduce((sum, [, count]) => sum + count, 0);
  const candidates: [number, Intervals][] = [];
  let found = 0;
  for (const [stream, set] of open) {
    const among = total > 0 ? candidatesOf(log, stream, set, window) : NOTHING;
    if (among.length > 0) candidates.push([stream, among]);
    found += countOf(among);
  }
  const [first] = credits;
  if (found === 0 || first === undefined) return credits;
  if (credits.length === 1 && found <= total) {
    for (const [stream, set] of candidates) take(covered, open, first[0], stream, set);
    return [[first[0], total - found]];
  }
  return spendOneByOne(chosen(log, candidates, dropped, total), covered, open, credits);
}

interface Candidate {
  readonly stream: number;
  readonly seq: number;
  readonly beginUs: number;
  readonly dropped: boolean;
}

/** As many candidates as there are credits, in publish order. */
function chosen(
  log: PublishLog,
  candidates: readonly [number, Intervals][],
  dropped: (stream: number) => Intervals,
  total: number,
): Candidate[] {
  const list: Candidate[] = [];
  for (const [stream, set] of candidates) {
    const given = intersectOf(set, dropped(stream));
    for (const seq of members(given))
      list.push({ stream, seq, beginUs: log.beginUs(stream, seq), dropped: true });
    for (const seq of members(minusOf(set, given))) {
      list.push({ stream, seq, beginUs: log.beginUs(stream, seq), dropped: false });
    }
  }
  list.sort((a, b) => Number(b.dropped) - Number(a.dropped) || inOrder(a, b));
  return list.slice(0, total).sort(inOrder);
}

function inOrder(a: Candidate, b: Candidate): number {
  return a.beginUs - b.beginUs || a.stream - b.stream || a.seq - b.seq;
}

function spendOneByOne(
  list: readonly Candidate[],
  covered: Map<LossReason, StreamSets>,
  open: StreamSets,
  credits: Credits,
): Credits {
  const left: [LossReason, number][] = [];
  let next = 0;
  for (const [reason, count] of credits) {
    const taken = list.slice(next, next + count);
    next += taken.length;
    left.push([reason, count - taken.length]);
    for (const stream of open.keys()) {
      const seqs = taken.filter((candidate) => candidate.stream === stream).map(({ seq }) => seq);
      if (seqs.length > 0) take(covered, open, reason, stream, intervalsOf(seqs.sort((a, b) => a - b)));
    }
  }
  return left;
}

function take(
  covered: Map<LossReason, StreamSets>,
  open: StreamSets,
  reason: LossReason,
  stream: number,
  set: Intervals,
): void {
  cover(covered, reason, stream, set);
  open.set(stream, minusOf(open.get(stream) ?? NOTHING, set));
}

function cover(
  covered: Map<LossReason, StreamSets>,
  reason: LossReason,
  stream: number,
  set: Intervals,
): void {
  if (set.length === 0) return;
  const byStream = covered.get(reason) ?? new Map<number, Intervals>();
  covered.set(reason, byStream);
  byStream.set(stream, unionOf(byStream.get(stream) ?? NOTHING, set));
}
