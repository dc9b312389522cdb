import { type Intervals, intersectOf, minusOf, range } from './intervals.ts';
import { LOSS_REASONS, type LossReason } from './loss-reason.ts';
import type { GapWindow } from './record.ts';
import { SeqSet } from './seq-set.ts';

/**
 * The positions of one session: which arrived, which were covered by gaps, and which messages they can have carried.
 *
 * A gap names positions, and a position that never arrived has no stamp. Within a session, positions ascend with the
 * seqs of each stream, so the message at a missing position lies, in each stream, between the neighbours that
 * arrived. Only holes are kept: everything else up to the highest position has arrived.
 */
export class PositionTrack {
  /** Highest position that arrived or that a gap covers. */
  #max = 0;
  /** Ascending by position. */
  readonly #holes: Hole[] = [];
  /** Per stream, the highest seq that arrived. */
  readonly #tops: number[];
  #told: SeqSet | undefined = undefined;
  #toldBy: Map<LossReason, SeqSet> | undefined = undefined;

  constructor(streamCount: number) {
    this.#tops = new Array<number>(streamCount).fill(0);
  }

  /** Notes the arrival of a message at a position. */
  arrived(position: number, stream: number, seq: number): void {
    if (position === this.#max + 1) {
      this.#max = position;
      if (this.#holes.length > 0) this.#boundAbove(this.#holes.length - 1, stream, seq);
    } else if (position > this.#max) {
      this.#open(position - 1);
      this.#max = position;
      this.#boundAbove(this.#holes.length - 1, stream, seq);
    } else {
      this.#fill(position, stream, seq);
    }
    if (seq > (this.#tops[stream] ?? 0)) this.#tops[stream] = seq;
  }

  /** Notes the arrival of a message that has a position but no readable stamp. */
  arrivedUnreadable(position: number): void {
    if (position > this.#max) {
      if (position > this.#max + 1) this.#open(position - 1);
      this.#max = position;
    } else {
      const index = this.#holeAt(position);
      if (index >= 0) this.#split(index, position);
    }
  }

  has(position: number): boolean {
    return position <= this.#max && this.#holeAt(position) < 0;
  }

  /** Notes a gap over positions `[from..to]`; the same gap may be reported again. */
  gap(from: number, to: number, reason: LossReason): void {
    if (to > this.#max) {
      this.#open(to);
      this.#max = to;
    }
    this.#told ??= new SeqSet();
    this.#toldBy ??= new Map();
    const toldForThis = this.#toldBy.get(reason) ?? new SeqSet();
    this.#toldBy.set(reason, toldForThis);
    const fresh = minusOf(range(Math.max(1, from), to), this.#told.intervals());
    for (let index = 0; index < fresh.length; index += 2) {
      this.#told.addRange(fresh[index] ?? 0, fresh[index + 1] ?? 0);
      toldForThis.addRange(fresh[index] ?? 0, fresh[index + 1] ?? 0);
    }
  }

  /** The reason of the gap that covers a position, if any. */
  givenUp(position: number): LossReason | undefined {
    if (this.#told === undefined || !this.#told.has(position)) return undefined;
    return LOSS_REASONS.find((reason) => this.#toldBy?.get(reason)?.has(position));
  }

  /** Positions covered by gaps that never arrived; with `followed`, only those before a later arrival. */
  credit(followed: boolean): number {
    let count = 0;
    if (this.#told === undefined) return 0;
    for (const hole of this.#holes) {
      if (!followed || hole.upper.some((seq) => seq > 0)) count += this.#told.countIn(hole.from, hole.to);
    }
    return count;
  }

  /** The holes to which gaps apply. */
  windows(): GapWindow[] {
    const windows: GapWindow[] = [];
    if (this.#toldBy === undefined) return windows;
    for (const hole of this.#holes) {
      const credits = this.#creditsIn(range(hole.from, hole.to));
      if (credits.length > 0) windows.push({ credits, lower: hole.lower, upper: hole.upper });
    }
    return windows;
  }

  #creditsIn(positions: Intervals): [LossReason, number][] {
    const found: { reason: LossReason; from: number; count: number }[] = [];
    for (const [reason, set] of this.#toldBy ?? []) {
      const told = intersectOf(set.intervals(), positions);
      for (let index = 0; index < told.length; index += 2) {
        const from = told[index] ?? 0;
        found.push({ reason, from, count: (told[index + 1] ?? 0) - from + 1 });
      }
    }
    found.sort((a, b) => a.from - b.from);
    return found.map(({ reason, count }) => [reason, count]);
  }

  /** Opens a hole from above the highest position up to `to`, or widens the one that ends there. */
  #open(to: number): void {
    const last = this.#holes[this.#holes.length - 1];
    if (last !== undefined && last.to === this.#max) last.to = to;
    else
      this.#holes.push({ from: this.#max + 1, to, lower: [...this.#tops], upper: this.#tops.map(() => 0) });
  }

  #fill(position: number, stream: number, seq: number): void {
    const index = this.#holeAt(position);
    if (index < 0) return;
    const below = this.#split(index, position);
    this.#boundAbove(below, stream, seq);
    this.#boundBelow(below + 1, stream, seq);
  }

  /**
   * Removes one position from a hole.
   *
   * @returns index of the last hole below the position; the first one above it comes next
   */
  #split(index: number, position: number): number {
    const hole = this.#holes[index];
    if (hole === undefined) return index - 1;
    if (hole.from === hole.to) {
      this.#holes.splice(index, 1);
      return index - 1;
    }
    if (position === hole.from) {
      hole.from += 1;
      return index - 1;
    }
    if (position < hole.to) {
      this.#holes.splice(index + 1, 0, {
        from: position + 1,
        to: hole.to,
        lower: [...hole.lower],
        upper: [...hole.upper],
      });
    }
    hole.to = position - 1;
    return index;
  }

  /** `seq` arrived above the hole at `index`: it and those below it can't reach higher in this stream. */
  #boundAbove(index: number, stream: number, seq: number): void {
    for (let hole = this.#holes[index]; hole !== undefined; hole = this.#holes[--index]) {
      const upper = hole.upper[stream] ?? 0;
      if (upper > 0 && upper <= seq) return;
      hole.upper[stream] = seq;
    }
  }

  /** `seq` arrived below the hole at `index`: it and those above it begin higher in this stream. */
  #boundBelow(index: number, stream: number, seq: number): void {
    for (let hole = this.#holes[index]; hole !== undefined; hole = this.#holes[++index]) {
      if ((hole.lower[stream] ?? 0) >= seq) return;
      hole.lower[stream] = seq;
    }
  }

  #holeAt(position: number): number {
    let low = 0;
    let high = this.#holes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#holes[middle]?.to ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    return (this.#holes[low]?.from ?? Number.POSITIVE_INFINITY) <= position ? low : -1;
  }
}

interface Hole {
  from: number;
  to: number;
  /** As in `GapWindow`. */
  readonly lower: number[];
  readonly upper: number[];
}
