import { asInteger } from '../../templates/value.ts';
import type { Numbering } from './description.ts';

/** Messages that a hole of unknown size may have swallowed, in positions. */
const UNKNOWN_SIZE = 1_000_000;

/** What the server says of the place of a frame. */
export type Seq =
  | { readonly kind: 'count'; readonly number: unknown }
  | { readonly kind: 'range'; readonly from: unknown; readonly to: unknown }
  | { readonly kind: 'chain'; readonly previous: unknown; readonly at: unknown };

interface Track {
  /** As the server wrote it; undefined before the first one. */
  last: unknown;
  /** Numbers: the highest one. */
  highest: number | undefined;
  /** Direct numbering: the number of position 1. */
  base: number | undefined;
}

/** Where a frame stands. */
export interface Taken {
  /** From 1; 0 where nobody can say, as it came before. */
  readonly position: number;
  /** Positions of what is missing in front of it; from 0 when nothing is. */
  readonly holeFrom: number;
  readonly holeTo: number;
}

/**
 * Follows the numbers that a server gives its frames, and gives messages their positions.
 *
 * Positions are the numbers themselves where these count by one in a session, so that one that comes again has the
 * place it had. All others, of ranges, chains and rooms, are counted as they come, and a hole takes as many as are
 * missing.
 */
export class Positions {
  readonly #numbering: Numbering | undefined;
  readonly #tracks = new Map<string, Track>();
  readonly #taken: { position: number; holeFrom: number; holeTo: number } = {
    position: 0,
    holeFrom: 0,
    holeTo: 0,
  };
  /** The highest position. */
  #top = 0;
  /** Of the room or session that moved last. */
  #latest: Track | undefined = undefined;

  constructor(numbering: Numbering | undefined) {
    this.#numbering = numbering;
  }

  /** The highest position that was taken in. */
  get top(): number {
    return this.#top;
  }

  /** The highest seq taken in, as the server wrote it; before the first one, the one before it where that is known. */
  last(room: string | undefined): unknown {
    if (this.#numbering === undefined) return undefined;
    const { scope, first } = this.#numbering;
    const track = scope === 'room' && room !== undefined ? this.#tracks.get(room) : this.#latest;
    if (track?.last !== undefined) return track.last;
    return first === undefined ? undefined : first - 1;
  }

  /** Another session: everything begins anew. */
  reset(): void {
    this.#tracks.clear();
    this.#latest = undefined;
    this.#top = 0;
  }

  /** Whether frames in front of this one are missing. */
  hasHole(seq: Seq, room: string | undefined): boolean {
    const missing = this.#missing(this.#trackOf(room), seq);
    return missing > 0;
  }

  /** @returns its place; good until the next call */
  take(seq: Seq, room: string | undefined): Taken {
    const taken = this.#taken;
    const track = this.#trackOf(room);
    const direct = this.#numbering?.direct === true && seq.kind === 'count';
    const missing = this.#missing(track, seq);
    taken.holeFrom = 0;
    if (missing < 0) {
      taken.position = direct ? Math.max(0, this.#direct(track, seq)) : 0;
      return taken;
    }
    const before = this.#top;
    this.#top = direct ? this.#direct(track, seq) : before + missing + 1;
    taken.position = this.#top;
    if (missing > 0) {
      taken.holeFrom = before + 1;
      taken.holeTo = this.#top - 1;
    }
    this.#move(track, seq);
    return taken;
  }

  /** A message without a number. */
  count(): number {
    if (this.#numbering === undefined || this.#numbering.direct) return 0;
    this.#top += 1;
    return this.#top;
  }

  /** Positions for so many messages that will not come; undefined: nobody said how many. */
  skip(count: number | undefined): Taken {
    const taken = this.#taken;
    taken.holeFrom = this.#top + 1;
    this.#top += count ?? UNKNOWN_SIZE;
    taken.holeTo = this.#top;
    return taken;
  }

  /** A gap named by the server's own numbers. */
  cover(from: number, to: number, room: string | undefined): Taken {
    const track = this.#trackOf(room);
    if (this.#numbering?.direct !== true) {
      const missing = to - Math.max(from - 1, track.highest ?? from - 1);
      this.#move(track, { kind: 'count', number: to });
      return missing > 0 ? this.skip(missing) : this.skip(0);
    }
    const taken = this.#taken;
    track.base ??= this.#numbering.first ?? from;
    taken.holeFrom = Math.max(1, from - track.base + 1);
    taken.holeTo = to - track.base + 1;
    this.#top = Math.max(this.#top, taken.holeTo);
    this.#move(track, { kind: 'count', number: to });
    return taken;
  }

  /** What the server calls a position, where that is known. */
  numberOf(position: number): number {
    return position + (this.#latest?.base ?? 1) - 1;
  }

  #trackOf(room: string | undefined): Track {
    const key = this.#numbering?.scope === 'room' ? (room ?? '') : '';
    let track = this.#tracks.get(key);
    if (track === undefined) {
      const { first } = this.#numbering ?? {};
      track = { last: undefined, highest: first === undefined ? undefined : first - 1, base: first };
      this.#tracks.set(key, track);
    }
    return track;
  }

  #direct(track: Track, seq: Seq): number {
    const number = numberOf(seq);
    if (number === undefined) return 0;
    track.base ??= number;
    return number - track.base + 1;
  }

  /** Frames missing in front of this one; below 0 when it came before, or says nothing. */
  #missing(track: Track, seq: Seq): number {
    if (seq.kind === 'chain') {
      if (seq.at === undefined || seq.at === track.last) return -1;
      return track.last === undefined || seq.previous === track.last ? 0 : UNKNOWN_SIZE;
    }
    const [from, to] =
      seq.kind === 'count' ? [seq.number, seq.number].map(asInteger) : [seq.from, seq.to].map(asInteger);
    if (from === undefined || to === undefined) return -1;
    if (track.highest === undefined) return 0;
    return to <= track.highest ? -1 : Math.max(0, from - track.highest - 1);
  }

  #move(track: Track, seq: Seq): void {
    this.#latest = track;
    track.last = seq.kind === 'count' ? seq.number : seq.kind === 'range' ? seq.to : seq.at;
    const number = numberOf(seq);
    if (number !== undefined) track.highest = number;
  }
}

function numberOf(seq: Seq): number | undefined {
  if (seq.kind === 'chain') return undefined;
  return asInteger(seq.kind === 'count' ? seq.number : seq.to);
}
