import type { AnomalyCollector, Occurrence } from './anomaly-collector.ts';
import type { Cause, Place, Stage } from './cause.ts';
import { lossReasonsOf } from './counts.ts';
import {
  allDropped,
  type EndReason,
  type SessionEvidenceRecord,
  type StreamEvidenceRecord,
} from './evidence.ts';
import { coveredByGaps, type StreamSets } from './gap-coverage.ts';
import {
  clip,
  contains,
  countOf,
  highest,
  type Intervals,
  intersectOf,
  lowest,
  members,
  minusOf,
  NOTHING,
  unionOf,
} from './intervals.ts';
import type { DeliveryCounts } from './judgement.ts';
import type { LossReason } from './loss-reason.ts';
import type { PublishLog } from './publish-log.ts';
import type { ClientRecord, SessionRecord } from './record.ts';
import { leftEarly, streamOf } from './windows.ts';

/**
 * How the drain ended: every live client caught up; the deadline passed first; or no client made progress any more.
 */
export type Drain = 'complete' | 'progressing' | 'stuck';

export interface LossInput {
  readonly log: PublishLog;
  readonly client: ClientRecord;
  /** Index of the session among those of its client. */
  readonly ordinal: number;
  readonly session: SessionRecord;
  /** Owed to the session and handled in no session of the client, per stream. */
  readonly missing: StreamSets;
  readonly evidence: SessionEvidenceRecord | undefined;
  /** Whether the level of delivery knows acks. */
  readonly acked: boolean;
  readonly drain: Drain;
  readonly endUs: number;
  readonly counts: DeliveryCounts;
  readonly collector: AnomalyCollector;
}

/**
 * Decides for each owed message that the client never handled whether the loss was reported, and to whom.
 *
 * Checked in this order: a gap; a report to the operator, if that suffices; messages that the server's own record
 * proves silently lost; and then the end of the session. Messages that the run gave no fair chance stay unresolved.
 */
export function judgeLosses(input: LossInput): void {
  const losses = new Losses(input);
  const covered = coveredByGaps({
    log: input.log,
    session: input.session,
    missing: input.missing,
    dropped: (stream) => losses.dropped(stream),
  });
  for (const [stream, missing] of input.missing) {
    let rest = missing;
    for (const [reason, sets] of covered) {
      const told = sets.get(stream) ?? NOTHING;
      losses.report(stream, told, reason, 'gap-told');
      rest = minusOf(rest, told);
    }
    losses.judge(stream, rest);
  }
  losses.judgeResumes();
}

type ReportedCode = Extract<Cause, { readonly reason: LossReason }>['code'];
type SilentCode = Exclude<Extract<Cause, { readonly place: Place }>['code'], 'only-operator-told'>;

/** How a session ended, from the client's view. */
type Fate = 'reset' | 'left' | 'away' | 'live';

const LOSS_BY_END: Record<EndReason, LossReason> = {
  expired: 'session-expired',
  overflow: 'overflow',
  restart: 'restart',
  replaced: 'replaced',
  // The server saw a goodbye that the client never sent: for the client, the session expired.
  goodbye: 'session-expired',
};

class Losses {
  readonly #input: LossInput;
  readonly #fate: Fate;
  readonly #silent: StreamSets = new Map();

  constructor(input: LossInput) {
    this.#input = input;
    this.#fate = fateOf(input);
  }

  dropped(stream: number): Intervals {
    const evidence = this.#evidence(stream);
    return evidence === undefined ? NOTHING : allDropped(evidence);
  }

  judge(stream: number, uncovered: Intervals): void {
    if (uncovered.length === 0) return;
    let rest = uncovered;
    if (!this.#input.acked || this.#fate === 'away') rest = this.#operatorTold(stream, rest);
    if (this.#input.acked) rest = this.#provenSilent(stream, rest);
    switch (this.#fate) {
      case 'reset':
        this.#afterReset(stream, rest);
        break;
      case 'left':
        this.#afterGoodbye(stream, rest);
        break;
      case 'away':
        this.#whileAway(stream, rest);
        break;
      case 'live':
        if (this.#input.drain === 'complete') this.#silentlyLost(stream, rest, 'never-came');
        else this.#unresolved(rest);
        break;
    }
  }

  report(stream: number, seqs: Intervals, reason: LossReason, code: ReportedCode): void {
    const count = countOf(seqs);
    if (count === 0) return;
    const { counts, collector } = this.#input;
    counts.lost.reported += count;
    counts.lost.reportedBy[reason] += count;
    collector.add('reported-loss', seqs, count, (seq) => this.#occurrence(stream, seq, { code, reason }));
  }

  /** A session was resumed as complete although messages were missing. */
  judgeResumes(): void {
    const { session, log, collector } = this.#input;
    if (session.resumes === 0) return;
    for (const [stream, silent] of this.#silent) {
      const top = highest(streamOf(session, stream)?.handled ?? NOTHING);
      for (const seq of members(silent)) {
        if (seq >= top || log.beginUs(stream, seq) > session.resumedUs) break;
        collector.count('false-resume', 1);
        collector.example('false-resume', this.#occurrence(stream, seq, { code: 'skipped-by-resume' }));
        return;
      }
    }
  }

  #operatorTold(stream: number, seqs: Intervals): Intervals {
    const dropped = this.#evidence(stream)?.dropped ?? {};
    let rest = seqs;
    for (const reason of lossReasonsOf(dropped)) {
      const told = intersectOf(rest, dropped[reason] ?? NOTHING);
      this.report(stream, told, reason, 'counters-told-operator');
      rest = minusOf(rest, told);
    }
    return rest;
  }

  /**
   * Messages that are lost for good by the server's own record: it believes them delivered, or never assigned them a
   * seq although the session existed throughout the publish.
   */
  #provenSilent(stream: number, seqs: Intervals): Intervals {
    const session = this.#input.evidence;
    if (session === undefined) return seqs;
    const evidence = this.#evidence(stream);
    const dropped = this.dropped(stream);
    const believed = intersectOf(seqs, minusOf(evidence?.acked ?? NOTHING, dropped));
    this.#silentlyLost(stream, believed, 'believed-delivered');
    const given = unionOf(evidence?.sent ?? NOTHING, evidence?.acked ?? NOTHING);
    const placed = unionOf(unionOf(evidence?.assigned ?? NOTHING, given), dropped);
    const endedUs = session.ended?.atUs ?? Number.POSITIVE_INFINITY;
    const during = this.#input.log.acceptedBetween(stream, session.openedUs, endedUs);
    const skipped = intersectOf(minusOf(seqs, placed), during);
    this.#silentlyLost(stream, skipped, 'never-given');
    return minusOf(minusOf(seqs, believed), skipped);
  }

  #afterReset(stream: number, seqs: Intervals): void {
    const { end } = this.#input.session;
    const told = end.kind === 'reset' ? end.told : undefined;
    if (told === undefined) this.#silentlyLost(stream, seqs, 'connection-broke');
    else this.report(stream, seqs, told, 'fresh-session-told');
  }

  /**
   * A client that says goodbye gives up messages in flight; with acks, an earlier hole might still have been filled.
   */
  #afterGoodbye(stream: number, seqs: Intervals): void {
    const top = highest(streamOf(this.#input.session, stream)?.handled ?? NOTHING);
    const holes = clip(seqs, 1, top);
    if (this.#input.acked) this.#unresolved(holes);
    else this.#silentlyLost(stream, holes, 'nothing-comes-twice');
    const onTheWay = countOf(minusOf(seqs, holes));
    this.#input.counts.notOwed += onTheWay;
    this.#input.counts.owed -= onTheWay;
  }

  #whileAway(stream: number, seqs: Intervals): void {
    const ended = this.#input.evidence?.ended;
    if (ended === undefined) this.#unresolved(seqs);
    else this.report(stream, seqs, LOSS_BY_END[ended.reason], 'session-end-told-operator');
  }

  #unresolved(seqs: Intervals): void {
    this.#input.counts.unresolved += countOf(seqs);
  }

  #silentlyLost(stream: number, seqs: Intervals, cause: SilentCode): void {
    const count = countOf(seqs);
    if (count === 0) return;
    const { counts, collector } = this.#input;
    counts.lost.silent += count;
    this.#silent.set(stream, unionOf(this.#silent.get(stream) ?? NOTHING, seqs));
    const dropped = this.dropped(stream);
    collector.add('silent-loss', seqs, count, (seq) => {
      const code = contains(dropped, seq) ? 'only-operator-told' : cause;
      return this.#occurrence(stream, seq, { code, place: this.#place(stream, seq) });
    });
  }

  #place(stream: number, seq: number): Place {
    const handled = streamOf(this.#input.session, stream)?.handled ?? NOTHING;
    if (handled.length === 0) return 'alone';
    if (seq < lowest(handled)) return 'before';
    return seq > highest(handled) ? 'after' : 'among';
  }

  #occurrence(stream: number, seq: number, cause: Cause): Occurrence {
    const { client, ordinal } = this.#input;
    const evidence = this.#evidence(stream);
    return { client, session: ordinal, stream, seq, cause, stage: this.#stage(stream, seq), evidence };
  }

  /** The first stage that the message did not reach; without the server's record only the client's part is known. */
  #stage(stream: number, seq: number): Stage | undefined {
    if (contains(streamOf(this.#input.session, stream)?.unhandled ?? NOTHING, seq)) return 'not-handled';
    if (this.#input.evidence === undefined) return undefined;
    const evidence = this.#evidence(stream);
    if (contains(evidence?.sent ?? NOTHING, seq)) return 'not-received';
    return contains(evidence?.assigned ?? NOTHING, seq) ? 'not-sent' : 'not-enqueued';
  }

  #evidence(stream: number): StreamEvidenceRecord | undefined {
    return this.#input.evidence?.streams.find((record) => record.stream === stream);
  }
}

function fateOf({ session, client, endUs }: LossInput): Fate {
  if (session.end.kind === 'reset') return 'reset';
  if (leftEarly(session, endUs)) return 'left';
  // A connection closed after the drain was still open during it.
  const there = client.connected || client.closedUs >= endUs || session.end.kind === 'goodbye';
  return there ? 'live' : 'away';
}
