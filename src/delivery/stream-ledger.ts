import type { Intervals } from './intervals.ts';
import type { LossReason } from './loss-reason.ts';
import { INVERSIONS, type Inversion, type StreamRecord } from './record.ts';
import { SeqSet } from './seq-set.ts';

/** Inversions kept for each session and stream; further ones are only counted. */
const INVERSIONS_MAX = 1000;

/** Messages of one publish stream in one session. Only `handled` is allocated until something unusual happens. */
export class StreamLedger {
  readonly stream: number;
  readonly handled = new SeqSet();
  /** When its first message arrived. */
  firstUs: number | undefined = undefined;
  /** Received and not handled, except for the client's latest arrival. */
  unhandled: SeqSet | undefined = undefined;
  #repeated: SeqSet | undefined = undefined;
  #repeatedAfterAck: SeqSet | undefined = undefined;
  #corrupt: SeqSet | undefined = undefined;
  /** Connection whose messages are being handled, and the highest seq first handled from it and from those before it. */
  #connection = 0;
  #connectionTop = 0;
  #earlierTop = 0;
  #inversions: number[] | undefined = undefined;
  #inversionsBeyond: number[] | undefined = undefined;

  constructor(stream: number) {
    this.stream = stream;
  }

  hold(seq: number): void {
    this.unhandled ??= new SeqSet();
    this.unhandled.add(seq);
  }

  /** Whether it arrived before in this session. */
  knows(seq: number): boolean {
    return this.handled.has(seq) || (this.unhandled?.has(seq) ?? false);
  }

  repeat(seq: number, afterAck: boolean): void {
    this.#repeated ??= new SeqSet();
    this.#repeated.add(seq);
    if (!afterAck) return;
    this.#repeatedAfterAck ??= new SeqSet();
    this.#repeatedAfterAck.add(seq);
  }

  corrupt(seq: number): void {
    this.#corrupt ??= new SeqSet();
    this.#corrupt.add(seq);
  }

  /**
   * Checks the order of a first handling.
   *
   * @param connection - the connection on which it arrived
   * @returns the kind of inversion if a newer one was first handled before, else undefined
   */
  order(seq: number, connection: number, redelivered: boolean): Inversion | undefined {
    if (connection !== this.#connection) {
      this.#earlierTop = Math.max(this.#earlierTop, this.#connectionTop);
      this.#connectionTop = 0;
      this.#connection = connection;
    }
    const connectionTop = this.#connectionTop;
    if (seq > connectionTop) this.#connectionTop = seq;
    if (seq > connectionTop && seq > this.#earlierTop) return undefined;
    if (seq < connectionTop && !redelivered) return this.#invert('reorder', seq, connectionTop);
    if (seq < this.#earlierTop) return this.#invert('rewind', seq, this.#earlierTop);
    return this.#invert('filled', seq, connectionTop);
  }

  /** The newer message before which the latest inversion should have been handled. */
  get newestInverted(): number {
    const kept = this.#inversions;
    return kept === undefined ? 0 : (kept[kept.length - 2] ?? 0);
  }

  toRecord(givenUp: Partial<Record<LossReason, Intervals>> | undefined): StreamRecord {
    return {
      stream: this.stream,
      handled: this.handled.intervals(),
      ...filled('unhandled', this.unhandled),
      ...filled('repeated', this.#repeated),
      ...filled('repeatedAfterAck', this.#repeatedAfterAck),
      ...filled('corrupt', this.#corrupt),
      ...(givenUp === undefined ? {} : { givenUp }),
      ...(this.#inversions === undefined ? {} : { inversions: this.#inversions }),
      ...(this.#inversionsBeyond === undefined ? {} : { inversionsBeyond: this.#inversionsBeyond }),
    };
  }

  #invert(kind: Inversion, seq: number, newer: number): Inversion {
    const index = INVERSIONS.indexOf(kind);
    this.#inversions ??= [];
    if (this.#inversions.length < INVERSIONS_MAX * 3) {
      this.#inversions.push(seq, newer, index);
    } else {
      this.#inversionsBeyond ??= INVERSIONS.map(() => 0);
      this.#inversionsBeyond[index] = (this.#inversionsBeyond[index] ?? 0) + 1;
    }
    return kind;
  }
}

function filled<K extends string>(name: K, set: SeqSet | undefined): Partial<Record<K, Intervals>> {
  const result: Partial<Record<K, Intervals>> = {};
  if (set !== undefined && set.count > 0) result[name] = set.intervals();
  return result;
}
