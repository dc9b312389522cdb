import { countOf, type Intervals, lastFromAtOrBelow, unionOf } from './intervals.ts';

/**
 * A growing set of positive integers that mostly arrive in order. The last interval is kept in two fields and
 * extended in place; the intervals below it are in a list that exists only once there is a hole. Thousands of clients
 * keep a few of these each, so a set without holes costs four fields.
 */
export class SeqSet {
  #from = 0;
  #to = 0;
  #count = 0;
  /** Intervals below the last one. */
  #below: number[] | undefined = undefined;

  static of(intervals: Intervals): SeqSet {
    const set = new SeqSet();
    set.#replace(intervals);
    return set;
  }

  get count(): number {
    return this.#count;
  }

  /** 0 while empty. */
  get max(): number {
    return this.#to;
  }

  /** 0 while empty. */
  get min(): number {
    return this.#below?.[0] ?? this.#from;
  }

  has(n: number): boolean {
    if (n >= this.#from) return n <= this.#to && this.#count > 0;
    return this.#below !== undefined && hasBelow(this.#below, n);
  }

  /** @returns false when it was already a member */
  add(n: number): boolean {
    if (n === this.#to + 1 && this.#count > 0) {
      this.#to = n;
    } else if (n > this.#to) {
      if (this.#count > 0) this.#listBelow().push(this.#from, this.#to);
      this.#from = n;
      this.#to = n;
    } else if (n >= this.#from || !this.#addBelow(n)) {
      return false;
    }
    this.#count += 1;
    return true;
  }

  /** Adds `[from..to]`. */
  addRange(from: number, to: number): void {
    if (to < from) return;
    if (from <= this.#to) {
      this.#replace(unionOf(this.intervals(), [from, to]));
      return;
    }
    this.add(from);
    this.#to = to;
    this.#count += to - from;
  }

  /** @returns false when it was no member */
  delete(n: number): boolean {
    if (!this.has(n)) return false;
    this.#count -= 1;
    if (n < this.#from) this.#deleteBelow(n);
    else if (this.#from === this.#to) this.#promote();
    else if (n === this.#to) this.#to -= 1;
    else if (n === this.#from) this.#from += 1;
    else {
      this.#listBelow().push(this.#from, n - 1);
      this.#from = n + 1;
    }
    return true;
  }

  /** Number of members in `[from..to]`. */
  countIn(from: number, to: number): number {
    if (this.#count === 0 || to < from) return 0;
    let count = Math.max(0, Math.min(to, this.#to) - Math.max(from, this.#from) + 1);
    const below = this.#below;
    if (below === undefined || from >= this.#from) return count;
    for (let index = Math.max(0, lastFromAtOrBelow(below, from)); index < below.length; index += 2) {
      const start = below[index] ?? 0;
      if (start > to) break;
      count += Math.max(0, Math.min(to, below[index + 1] ?? 0) - Math.max(from, start) + 1);
    }
    return count;
  }

  intervals(): Intervals {
    if (this.#count === 0) return [];
    return this.#below === undefined ? [this.#from, this.#to] : [...this.#below, this.#from, this.#to];
  }

  toJSON(): Intervals {
    return this.intervals();
  }

  #replace(intervals: Intervals): void {
    const below = intervals.slice(0, -2);
    this.#below = below.length > 0 ? below : undefined;
    this.#from = intervals[intervals.length - 2] ?? 0;
    this.#to = intervals[intervals.length - 1] ?? 0;
    this.#count = countOf(intervals);
  }

  #listBelow(): number[] {
    this.#below ??= [];
    return this.#below;
  }

  #addBelow(n: number): boolean {
    const below = this.#below;
    if (n === this.#from - 1) {
      this.#from = n;
      if (below !== undefined && below[below.length - 1] === n - 1) {
        below.pop();
        this.#from = below.pop() ?? n;
        if (below.length === 0) this.#below = undefined;
      }
      return true;
    }
    return insert(this.#listBelow(), n);
  }

  #deleteBelow(n: number): void {
    const below = this.#listBelow();
    const index = lastFromAtOrBelow(below, n);
    const from = below[index] ?? 0;
    const to = below[index + 1] ?? 0;
    const kept: number[] = [];
    if (from < n) kept.push(from, n - 1);
    if (n < to) kept.push(n + 1, to);
    below.splice(index, 2, ...kept);
    if (below.length === 0) this.#below = undefined;
  }

  /** Replaces the empty last interval by the one below it. */
  #promote(): void {
    const below = this.#below;
    this.#to = below?.pop() ?? 0;
    this.#from = below?.pop() ?? 0;
    if (below?.length === 0) this.#below = undefined;
  }
}

function hasBelow(below: Intervals, n: number): boolean {
  const index = lastFromAtOrBelow(below, n);
  return index >= 0 && n <= (below[index + 1] ?? 0);
}

/** Adds `n`, which is neither in nor next to the last interval. */
function insert(below: number[], n: number): boolean {
  const index = lastFromAtOrBelow(below, n);
  if (index >= 0 && n <= (below[index + 1] ?? 0)) return false;
  const extendsLower = index >= 0 && below[index + 1] === n - 1;
  const extendsUpper = below[index + 2] === n + 1;
  if (extendsLower && extendsUpper) below.splice(index + 1, 2);
  else if (extendsLower) below[index + 1] = n;
  else if (extendsUpper) below[index + 2] = n;
  else below.splice(index + 2, 0, n, n);
  return true;
}
