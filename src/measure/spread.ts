import { Histogram } from './histogram.ts';

/**
 * How far apart the first and the last client handle one message: the fan-out spread.
 *
 * Two instants per message, in arrays that grow with the stream up to a limit; later messages are only counted. Each
 * worker keeps its own arrays and the records are merged, since all processes share one clock.
 */

/** Messages of each stream for which the spread is measured. */
export const SPREAD_MESSAGES_MAX = 65_536;

const FIRST_MESSAGES = 64;
/** Marks a message without a handling; instants are never negative. */
const UNSEEN = -1;

/** Plain data, for another process. `offsetUs[i]` and `spanUs[i]` belong to message i + 1. */
export interface SpreadRecord {
  readonly streams: readonly {
    readonly stream: number;
    readonly highestSeq: number;
    readonly baseUs: number;
    /** First handling, from `baseUs`; -1 for a message that no client handled. */
    readonly offsetUs: readonly number[];
    /** From the first handling to the last. */
    readonly spanUs: readonly number[];
  }[];
}

class StreamSpread {
  first = new Float64Array(FIRST_MESSAGES).fill(UNSEEN);
  last = new Float64Array(FIRST_MESSAGES).fill(UNSEEN);
  highestSeq = 0;

  record(seq: number, firstUs: number, lastUs: number): void {
    if (seq > this.highestSeq) this.highestSeq = seq;
    if (seq > SPREAD_MESSAGES_MAX) return;
    const index = seq - 1;
    if (index >= this.first.length) this.#grow(seq);
    const known = this.first[index] ?? UNSEEN;
    if (known === UNSEEN || firstUs < known) this.first[index] = firstUs;
    if (lastUs > (this.last[index] ?? UNSEEN)) this.last[index] = lastUs;
  }

  /** Messages covered by the arrays. */
  get length(): number {
    return Math.min(this.highestSeq, SPREAD_MESSAGES_MAX);
  }

  #grow(messages: number): void {
    const length = 2 ** Math.ceil(Math.log2(messages));
    this.first = grown(this.first, length);
    this.last = grown(this.last, length);
  }
}

export class Spread {
  readonly #streams: StreamSpread[] = [];

  /**
   * @param stream - number of the publish stream, from 0
   * @param seq - number of the message in its stream, from 1
   */
  record(stream: number, seq: number, handledUs: number): void {
    this.#streamAt(stream).record(seq, handledUs, handledUs);
  }

  /** When a message was handled first, µs; -1 when no client handled it, or nobody kept it. */
  firstUs(stream: number, seq: number): number {
    return this.#streams[stream]?.first[seq - 1] ?? UNSEEN;
  }

  /** Messages beyond the limit of their stream, which are not in the histogram. */
  get sampledOut(): number {
    return this.#streams.reduce((sum, { highestSeq, length }) => sum + highestSeq - length, 0);
  }

  toRecord(): SpreadRecord {
    return { streams: this.#streams.map(recordOf).filter(({ highestSeq }) => highestSeq > 0) };
  }

  merge(record: SpreadRecord): void {
    for (const { stream, highestSeq, baseUs, offsetUs, spanUs } of record.streams) {
      const target = this.#streamAt(stream);
      target.highestSeq = Math.max(target.highestSeq, highestSeq);
      offsetUs.forEach((offset, index) => {
        if (offset === UNSEEN) return;
        const firstUs = baseUs + offset;
        target.record(index + 1, firstUs, firstUs + (spanUs[index] ?? 0));
      });
    }
  }

  /** @param skipStream - a stream that is not part of the load, such as the probe */
  toHistogram(skipStream?: number): Histogram {
    const histogram = new Histogram();
    this.#streams.forEach((spread, stream) => {
      if (stream === skipStream) return;
      for (let index = 0; index < spread.length; index += 1) {
        const firstUs = spread.first[index] ?? UNSEEN;
        if (firstUs !== UNSEEN) histogram.record((spread.last[index] ?? firstUs) - firstUs);
      }
    });
    return histogram;
  }

  #streamAt(stream: number): StreamSpread {
    const known = this.#streams[stream];
    if (known !== undefined) return known;
    while (this.#streams.length <= stream) this.#streams.push(new StreamSpread());
    return this.#streamAt(stream);
  }
}

function recordOf(spread: StreamSpread, stream: number): SpreadRecord['streams'][number] {
  const first = Array.from(spread.first.subarray(0, spread.length));
  const baseUs = first.reduce(
    (lowest, us) => (us === UNSEEN ? lowest : Math.min(lowest, us)),
    Number.MAX_SAFE_INTEGER,
  );
  return {
    stream,
    highestSeq: spread.highestSeq,
    baseUs,
    offsetUs: first.map((us) => (us === UNSEEN ? UNSEEN : us - baseUs)),
    spanUs: first.map((us, index) => (us === UNSEEN ? 0 : (spread.last[index] ?? us) - us)),
  };
}

function grown(array: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(length).fill(UNSEEN);
  longer.set(array);
  return longer;
}
