import { type Intervals, intervalsOf } from './intervals.ts';
import type { LossReason } from './loss-reason.ts';
import { PositionTrack } from './position-track.ts';
import type { SessionCounts, SessionEnd, SessionRecord, StreamRecord } from './record.ts';
import { SeqSet } from './seq-set.ts';
import { StreamLedger } from './stream-ledger.ts';

/**
 * From when on the messages of a stream are owed: from the confirmation of the subscription, or, where nobody confirms
 * it, from the first message of the stream on, and at the latest when the server has had its time.
 *
 * @param firstUs - when the first message of the stream arrived; undefined when none did
 */
export function owedFromUs(
  {
    subscribedUs,
    effectiveByUs,
  }: { readonly subscribedUs: number; readonly effectiveByUs?: number | undefined },
  firstUs: number | undefined,
): number {
  if (effectiveByUs === undefined) return subscribedUs;
  return Math.max(subscribedUs, Math.min(effectiveByUs, firstUs ?? effectiveByUs));
}

/** Everything that one session of one client saw. `ClientLedger` owns it and decides what to record. */
export class SessionLedger {
  /** Index among the client's sessions, from 0. */
  readonly ordinal: number;
  key = '';
  helloSentUs: number;
  /** -1 until the server confirms the session. */
  subscribedUs = -1;
  /** Until when an unconfirmed subscription may have taken effect. */
  effectiveByUs: number | undefined = undefined;
  resumes = 0;
  resumedUs = -1;
  /** Everything up to this position was declared handled by the client when it resumed. */
  declaredThrough = 0;
  end: SessionEnd = { kind: 'open' };
  readonly counts: { -readonly [K in keyof SessionCounts]: number } = {
    duplicatesHandled: 0,
    duplicatesAfterAck: 0,
    duplicatesReceived: 0,
    resentAfterAck: 0,
    secondPositions: 0,
    phantom: 0,
    ackBeforeHandle: 0,
    late: 0,
  };
  readonly #streams: (StreamLedger | undefined)[];
  /** Created with the first position. */
  #positions: PositionTrack | undefined = undefined;
  /** Received and not handled, by position: stream and seq in one number. */
  #held: Map<number, number> | undefined = undefined;
  /** Received positions that an ack must not cover; a gap removes its positions. */
  #owing: SeqSet | undefined = undefined;

  constructor(ordinal: number, helloSentUs: number, streamCount: number) {
    this.ordinal = ordinal;
    this.helloSentUs = helloSentUs;
    this.#streams = new Array<StreamLedger | undefined>(streamCount).fill(undefined);
  }

  get streamCount(): number {
    return this.#streams.length;
  }

  stream(stream: number): StreamLedger {
    let found = this.#streams[stream];
    if (found === undefined) {
      found = new StreamLedger(stream);
      this.#streams[stream] = found;
    }
    return found;
  }

  /** Without making one. */
  streamSeen(stream: number): StreamLedger | undefined {
    return this.#streams[stream];
  }

  /** From when on messages of a stream are owed. */
  owedFromUs(stream: number): number {
    return owedFromUs(this, this.#streams[stream]?.firstUs);
  }

  get positions(): PositionTrack {
    this.#positions ??= new PositionTrack(this.#streams.length);
    return this.#positions;
  }

  /** Without making one. */
  get positionsSeen(): PositionTrack | undefined {
    return this.#positions;
  }

  /** Stores a received message until it is handled. */
  hold(position: number, stream: number, seq: number): void {
    this.stream(stream).hold(seq);
    if (position <= 0) return;
    this.#held ??= new Map();
    this.#held.set(position, seq * this.#streams.length + stream);
    if (this.#positions?.givenUp(position) !== undefined) return;
    this.#owing ??= new SeqSet();
    this.#owing.add(position);
  }

  release(position: number, stream: number, seq: number): void {
    this.#streams[stream]?.unhandled?.delete(seq);
    if (position <= 0) return;
    this.#held?.delete(position);
    this.#owing?.delete(position);
  }

  gap(from: number, to: number, reason: LossReason): void {
    this.positions.gap(from, to, reason);
    for (const position of this.#held?.keys() ?? []) {
      if (position >= from && position <= to) this.#owing?.delete(position);
    }
  }

  /** Whether an ack is premature: it covers a message that was received and not handled. */
  owes(position: number, cumulative: boolean): boolean {
    const owing = this.#owing;
    if (owing === undefined || owing.count === 0) return false;
    return cumulative ? owing.min <= position : owing.has(position);
  }

  /** Messages covered by gaps and never handled; with `followed`, only those before a later arrival. */
  gapCredit(followed: boolean): number {
    if (this.#positions === undefined) return 0;
    return this.#positions.credit(followed) + (this.#held?.size ?? 0) - (this.#owing?.count ?? 0);
  }

  toRecord(): SessionRecord {
    const givenUp = this.#givenUp();
    return {
      key: this.key,
      helloSentUs: this.helloSentUs,
      subscribedUs: this.subscribedUs,
      ...(this.effectiveByUs === undefined ? {} : { effectiveByUs: this.effectiveByUs }),
      resumes: this.resumes,
      resumedUs: this.resumedUs,
      end: this.end,
      streams: this.#streams.flatMap((stream) =>
        stream === undefined ? [] : [this.#streamRecord(stream, givenUp.get(stream.stream))],
      ),
      gapWindows: this.#positions?.windows() ?? [],
      counts: { ...this.counts },
    };
  }

  #streamRecord(stream: StreamLedger, givenUp: StreamRecord['givenUp']): StreamRecord {
    const record = stream.toRecord(givenUp);
    const { firstUs } = stream;
    return this.effectiveByUs === undefined || firstUs === undefined ? record : { ...record, firstUs };
  }

  #givenUp(): Map<number, Partial<Record<LossReason, Intervals>>> {
    const seqs = new Map<number, Map<LossReason, number[]>>();
    for (const [position, packed] of this.#held ?? []) {
      const reason = this.#positions?.givenUp(position);
      if (reason === undefined) continue;
      const stream = packed % this.#streams.length;
      const byReason = seqs.get(stream) ?? new Map<LossReason, number[]>();
      seqs.set(stream, byReason);
      const list = byReason.get(reason) ?? [];
      byReason.set(reason, list);
      list.push((packed - stream) / this.#streams.length);
    }
    const result = new Map<number, Partial<Record<LossReason, Intervals>>>();
    for (const [stream, byReason] of seqs) {
      const sets: Partial<Record<LossReason, Intervals>> = {};
      for (const [reason, list] of byReason) sets[reason] = intervalsOf(list.sort((a, b) => a - b));
      result.set(stream, sets);
    }
    return result;
  }
}
