import {
  clip,
  highest,
  type Intervals,
  intervalsOf,
  lowest,
  minusOf,
  NOTHING,
  range,
  unionOf,
} from './intervals.ts';

/**
 * The outcome of a publish: `open` until its sender learns it, `unknown` if it never does, `unconfirmed` where the
 * protocol answers nothing.
 */
export const PUBLISH_STATUSES = ['open', 'accepted', 'rejected', 'unknown', 'unconfirmed'] as const;
export type PublishStatus = (typeof PUBLISH_STATUSES)[number];

const OPEN = 0;
const ACCEPTED = 1;
const REJECTED = 2;
const UNCONFIRMED = 4;
/** Accepted by evidence, after it was unconfirmed. */
const EVIDENT = 5;
const FIRST_CAPACITY = 256;

/** A publish log as plain data for other processes; index 0 of each list is message 1. An end of -1 is unknown. */
export interface PublishLogRecord {
  readonly streams: readonly {
    readonly intendedUs: readonly number[];
    readonly beginUs: readonly number[];
    readonly endUs: readonly number[];
    readonly status: readonly number[];
    /** Of unconfirmed messages, the connection on which each left; else 0. */
    readonly connection: readonly number[];
  }[];
}

/** What shows that unconfirmed publishes of a stream were accepted. */
export interface PublishEvidence {
  /** When anybody saw a message first, µs; -1 for one that nobody saw. */
  readonly seenUs: (seq: number) => number;
  /** Whether a connection on which messages left was open until the end. */
  readonly outlived: (connection: number) => boolean;
  readonly endUs: number;
}

/**
 * Everything that was published: three instants and a status for each message of each stream, in typed arrays.
 *
 * A publish takes effect at some instant between its begin and its end. One that was never answered may take effect
 * at any later time, so its end is infinite.
 */
export class PublishLog {
  readonly #streams: StreamLog[] = [];

  static fromRecord(record: PublishLogRecord): PublishLog {
    const log = new PublishLog();
    record.streams.forEach((stream, number) => {
      stream.beginUs.forEach((beginUs, index) => {
        log.begin(number, index + 1, stream.intendedUs[index] ?? 0, beginUs);
        const status = PUBLISH_STATUSES[stream.status[index] ?? OPEN] ?? 'open';
        const connection = stream.connection[index];
        if (status !== 'open') log.settle(number, index + 1, status, stream.endUs[index] ?? 0, connection);
      });
      log.#stream(number);
    });
    return log;
  }

  /** Streams are numbered from 0 to this, exclusive. */
  get streamCount(): number {
    return this.#streams.length;
  }

  /**
   * Notes that a publish begins.
   *
   * @param seq - the next one of its stream
   * @param nowUs - not before the begin of the one before
   */
  begin(stream: number, seq: number, intendedUs: number, nowUs: number): void {
    this.#stream(stream).begin(stream, seq, intendedUs, nowUs);
  }

  /**
   * Notes how a publish ended. The first answer counts; a late `accepted` replaces `unknown`.
   *
   * @param connection - on which an unconfirmed one left: any number that no other connection of the stream has
   */
  settle(
    stream: number,
    seq: number,
    status: Exclude<PublishStatus, 'open'>,
    nowUs: number,
    connection = 0,
  ): void {
    this.#stream(stream).settle(seq, PUBLISH_STATUSES.indexOf(status), nowUs, connection);
  }

  /**
   * Decides which unconfirmed publishes of a stream were accepted: those that somebody saw, and those before one on the
   * same connection, since a server reads a connection in order; with a connection that was open until the end, all.
   */
  weigh(stream: number, evidence: PublishEvidence): void {
    this.#streams[stream]?.weigh(evidence);
  }

  /** Whether two messages that no answer dates were published on one connection, which the server reads in order. */
  isOneConnection(stream: number, older: number, newer: number): boolean {
    return this.#streams[stream]?.isOneConnection(older, newer) ?? false;
  }

  /** Messages begun, which is also the highest seq. */
  count(stream: number): number {
    return this.#streams[stream]?.count ?? 0;
  }

  status(stream: number, seq: number): PublishStatus {
    const status = this.#streams[stream]?.status[seq] ?? OPEN;
    return PUBLISH_STATUSES[status === EVIDENT ? ACCEPTED : status] ?? 'open';
  }

  intendedUs(stream: number, seq: number): number {
    return this.#streams[stream]?.intendedUs[seq] ?? 0;
  }

  beginUs(stream: number, seq: number): number {
    return this.#streams[stream]?.beginUs[seq] ?? 0;
  }

  /** Infinity until the publish is answered. */
  endUs(stream: number, seq: number): number {
    return this.#streams[stream]?.endUs[seq] ?? Number.POSITIVE_INFINITY;
  }

  accepted(stream: number): Intervals {
    return this.#streams[stream]?.sets().accepted ?? NOTHING;
  }

  rejected(stream: number): Intervals {
    return this.#streams[stream]?.sets().rejected ?? NOTHING;
  }

  /** Publishes without a known outcome, including those still open. */
  unknown(stream: number): Intervals {
    return this.#streams[stream]?.sets().unknown ?? NOTHING;
  }

  /** Publishes that the protocol answers nothing to, and that nothing shows to be accepted: part of `unknown`. */
  unconfirmed(stream: number): Intervals {
    return this.#streams[stream]?.sets().unconfirmed ?? NOTHING;
  }

  /** @returns the first seq whose publish began after `us`; one above the last when there is none */
  firstBegunAfter(stream: number, us: number): number {
    return this.#streams[stream]?.firstBegunAfter(us) ?? 1;
  }

  /** @returns the last seq up to which every accepted publish ended before `us`; 0 when there is none */
  lastEndedBefore(stream: number, us: number): number {
    return this.#streams[stream]?.lastEndedBefore(us) ?? 0;
  }

  /** Accepted publishes that lie wholly between two instants, neither included. */
  acceptedBetween(stream: number, afterUs: number, beforeUs: number): Intervals {
    const log = this.#streams[stream];
    if (log === undefined) return NOTHING;
    const first = log.firstBegunAfter(afterUs);
    if (beforeUs === Number.POSITIVE_INFINITY) return clip(log.sets().accepted, first, log.count);
    const sure = log.lastEndedBefore(beforeUs);
    const among = clip(log.sets().accepted, first, log.firstBegunFrom(beforeUs) - 1);
    return minusOf(
      among,
      log.filter(among, Math.max(first, sure + 1), (_, endUs) => endUs >= beforeUs),
    );
  }

  /** Accepted publishes that were under way at some instant of `[fromUs..toUs]`. */
  acceptedAround(stream: number, fromUs: number, toUs: number): Intervals {
    const log = this.#streams[stream];
    if (log === undefined) return NOTHING;
    const among = clip(log.sets().accepted, log.lastEndedBefore(fromUs) + 1, log.firstBegunAfter(toUs) - 1);
    // All publishes begun at or after `fromUs` qualify; only those begun earlier have to be checked.
    const surely = clip(among, log.firstBegunFrom(fromUs), log.count);
    const rest = minusOf(among, surely);
    return unionOf(
      surely,
      log.filter(rest, lowest(rest), (_, endUs) => endUs >= fromUs),
    );
  }

  /** Members of `set` whose publish, whatever its outcome, lay wholly between two instants, neither included. */
  settledBetween(stream: number, set: Intervals, afterUs: number, beforeUs: number): Intervals {
    const log = this.#streams[stream];
    if (log === undefined || set.length === 0) return NOTHING;
    const among = clip(set, log.firstBegunAfter(afterUs), log.firstBegunFrom(beforeUs) - 1);
    return log.filter(among, lowest(among), (_, endUs) => endUs < beforeUs);
  }

  toRecord(): PublishLogRecord {
    return { streams: this.#streams.map((stream) => stream.toRecord()) };
  }

  #stream(number: number): StreamLog {
    for (let next = this.#streams.length; next <= number; next += 1) this.#streams.push(new StreamLog());
    const stream = this.#streams[number];
    if (stream === undefined)
      throw new RangeError(`Cannot log publish stream ${number}: streams count from 0`);
    return stream;
  }
}

interface StatusSets {
  readonly accepted: Intervals;
  readonly rejected: Intervals;
  readonly unknown: Intervals;
  readonly unconfirmed: Intervals;
}

/** One stream; index 0 of the arrays stays unused so that seqs are indexes. */
class StreamLog {
  count = 0;
  intendedUs = new Float64Array(FIRST_CAPACITY);
  beginUs = new Float64Array(FIRST_CAPACITY);
  endUs = new Float64Array(FIRST_CAPACITY);
  status = new Uint8Array(FIRST_CAPACITY);
  connection = new Float64Array(FIRST_CAPACITY);
  #sets: StatusSets | undefined = undefined;
  /** Latest end among the accepted messages up to each seq: ascending, so it can be searched. */
  #latestEndUs: Float64Array | undefined = undefined;

  begin(stream: number, seq: number, intendedUs: number, nowUs: number): void {
    if (seq !== this.count + 1) {
      throw new RangeError(
        `Cannot begin publish ${seq} of stream ${stream}: the next one is ${this.count + 1}`,
      );
    }
    if (this.count > 0 && nowUs < (this.beginUs[this.count] ?? 0)) {
      throw new RangeError(
        `Cannot begin publish ${seq} of stream ${stream}: it begins before the previous one`,
      );
    }
    if (seq >= this.beginUs.length) this.#grow();
    this.count = seq;
    this.intendedUs[seq] = intendedUs;
    this.beginUs[seq] = nowUs;
    this.endUs[seq] = Number.POSITIVE_INFINITY;
    this.#forget();
  }

  settle(seq: number, status: number, nowUs: number, connection: number): void {
    const before = this.status[seq];
    if (seq < 1 || seq > this.count || before === ACCEPTED || before === REJECTED) return;
    if (before === EVIDENT) return;
    this.status[seq] = status;
    this.connection[seq] = connection;
    this.endUs[seq] = status === ACCEPTED || status === REJECTED ? nowUs : Number.POSITIVE_INFINITY;
    this.#forget();
  }

  /** From the last message to the first, so that what is known of a later one is known of those before it. */
  weigh({ seenUs, outlived, endUs }: PublishEvidence): void {
    const readUs = new Map<number, number>();
    for (let seq = this.count; seq >= 1; seq -= 1) {
      if (this.status[seq] !== UNCONFIRMED) continue;
      const connection = this.connection[seq] ?? 0;
      const atUs = seenUs(seq);
      let knownUs = readUs.get(connection) ?? (outlived(connection) ? endUs : Number.POSITIVE_INFINITY);
      if (atUs >= 0) knownUs = Math.min(knownUs, atUs);
      readUs.set(connection, knownUs);
      if (knownUs === Number.POSITIVE_INFINITY) continue;
      this.status[seq] = EVIDENT;
      this.endUs[seq] = Math.max(knownUs, this.beginUs[seq] ?? 0);
    }
    this.#forget();
  }

  isOneConnection(older: number, newer: number): boolean {
    if (this.status[older] !== EVIDENT || this.status[newer] !== EVIDENT) return false;
    return this.connection[older] === this.connection[newer];
  }

  firstBegunAfter(us: number): number {
    return search(this.beginUs, this.count, (value) => value > us);
  }

  /** First seq begun at or after `us`. */
  firstBegunFrom(us: number): number {
    return search(this.beginUs, this.count, (value) => value >= us);
  }

  lastEndedBefore(us: number): number {
    this.#latestEndUs ??= this.#latestEnds();
    return search(this.#latestEndUs, this.count, (value) => value >= us) - 1;
  }

  /** Members of `set` from `from` on whose begin and end satisfy the condition; a linear scan. */
  filter(set: Intervals, from: number, holds: (beginUs: number, endUs: number) => boolean): Intervals {
    const found: number[] = [];
    const looked = clip(set, from, highest(set));
    for (let index = 0; index < looked.length; index += 2) {
      const to = looked[index + 1] ?? 0;
      for (let seq = looked[index] ?? 1; seq <= to; seq += 1) {
        if (holds(this.beginUs[seq] ?? 0, this.endUs[seq] ?? 0)) found.push(seq);
      }
    }
    return intervalsOf(found);
  }

  sets(): StatusSets {
    if (this.#sets === undefined) {
      const accepted = this.#withStatus(isAccepted);
      const rejected = this.#withStatus((status) => status === REJECTED);
      const unknown = minusOf(range(1, this.count), unionOf(accepted, rejected));
      const unconfirmed = this.#withStatus((status) => status === UNCONFIRMED);
      this.#sets = { accepted, rejected, unknown, unconfirmed };
    }
    return this.#sets;
  }

  toRecord(): PublishLogRecord['streams'][number] {
    const of = (list: Float64Array | Uint8Array): number[] => Array.from(list.subarray(1, this.count + 1));
    return {
      intendedUs: of(this.intendedUs),
      beginUs: of(this.beginUs),
      endUs: of(this.endUs).map((us) => (us === Number.POSITIVE_INFINITY ? -1 : us)),
      status: of(this.status),
      connection: of(this.connection),
    };
  }

  #withStatus(wanted: (status: number) => boolean): Intervals {
    const found: number[] = [];
    for (let seq = 1; seq <= this.count; seq += 1) if (wanted(this.status[seq] ?? OPEN)) found.push(seq);
    return intervalsOf(found);
  }

  #latestEnds(): Float64Array {
    const latest = new Float64Array(this.count + 1);
    let latestUs = Number.NEGATIVE_INFINITY;
    for (let seq = 1; seq <= this.count; seq += 1) {
      if (isAccepted(this.status[seq] ?? OPEN)) latestUs = Math.max(latestUs, this.endUs[seq] ?? 0);
      latest[seq] = latestUs;
    }
    return latest;
  }

  #forget(): void {
    this.#sets = undefined;
    this.#latestEndUs = undefined;
  }

  #grow(): void {
    const capacity = this.beginUs.length * 2;
    this.intendedUs = grown(this.intendedUs, capacity);
    this.beginUs = grown(this.beginUs, capacity);
    this.endUs = grown(this.endUs, capacity);
    this.connection = grown(this.connection, capacity);
    const status = new Uint8Array(capacity);
    status.set(this.status);
    this.status = status;
  }
}

function isAccepted(status: number): boolean {
  return status === ACCEPTED || status === EVIDENT;
}

function grown(list: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
  const result = new Float64Array(capacity);
  result.set(list);
  return result;
}

/** First index in `[1..count]` at which the condition holds, given that it holds from there on; else `count + 1`. */
function search(list: Float64Array, count: number, holds: (value: number) => boolean): number {
  let low = 1;
  let high = count + 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(list[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}
