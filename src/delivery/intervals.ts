/**
 * Sets of positive integers as a flat list `[from, to, from, to, …]`: ascending, disjoint, never adjacent. Processes
 * exchange sets in this form and the checker computes with it, so that its cost grows with the number of holes in the
 * handled messages, not with the number of messages.
 */
export type Intervals = readonly number[];

export const NOTHING: Intervals = [];

/** @returns `[from..to]`, empty when `to < from` */
export function range(from: number, to: number): Intervals {
  return to < from ? NOTHING : [from, to];
}

export function countOf(set: Intervals): number {
  let count = 0;
  for (let index = 0; index < set.length; index += 2) count += at(set, index + 1) - at(set, index) + 1;
  return count;
}

export function unionOf(a: Intervals, b: Intervals): Intervals {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const result: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const takeA = j >= b.length || (i < a.length && at(a, i) <= at(b, j));
    if (takeA) {
      append(result, at(a, i), at(a, i + 1));
      i += 2;
    } else {
      append(result, at(b, j), at(b, j + 1));
      j += 2;
    }
  }
  return result;
}

export function minusOf(a: Intervals, b: Intervals): Intervals {
  if (a.length === 0 || b.length === 0) return a;
  const result: number[] = [];
  let j = 0;
  for (let i = 0; i < a.length; i += 2) {
    let from = at(a, i);
    const to = at(a, i + 1);
    while (j < b.length && at(b, j + 1) < from) j += 2;
    for (let k = j; k < b.length && at(b, k) <= to; k += 2) {
      if (at(b, k) > from) result.push(from, at(b, k) - 1);
      from = at(b, k + 1) + 1;
    }
    if (from <= to) result.push(from, to);
  }
  return result;
}

export function intersectOf(a: Intervals, b: Intervals): Intervals {
  if (a.length === 0 || b.length === 0) return NOTHING;
  const result: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const from = Math.max(at(a, i), at(b, j));
    const to = Math.min(at(a, i + 1), at(b, j + 1));
    if (from <= to) result.push(from, to);
    if (at(a, i + 1) < at(b, j + 1)) i += 2;
    else j += 2;
  }
  return result;
}

export function clip(set: Intervals, from: number, to: number): Intervals {
  if (set.length === 0 || (at(set, 0) >= from && at(set, set.length - 1) <= to)) return set;
  return intersectOf(set, range(from, to));
}

export function contains(set: Intervals, n: number): boolean {
  const index = lastFromAtOrBelow(set, n);
  return index >= 0 && n <= at(set, index + 1);
}

/** 0 for the empty set. */
export function lowest(set: Intervals): number {
  return at(set, 0);
}

/** 0 for the empty set. */
export function highest(set: Intervals): number {
  return at(set, set.length - 1);
}

export function* members(set: Intervals): Generator<number> {
  for (let index = 0; index < set.length; index += 2) {
    for (let n = at(set, index); n <= at(set, index + 1); n += 1) yield n;
  }
}

/** @param ascending - may contain duplicates */
export function intervalsOf(ascending: Iterable<number>): Intervals {
  const result: number[] = [];
  for (const n of ascending) append(result, n, n);
  return result;
}

/** Index of the last interval that begins at or below `n`; -1 when there is none. */
export function lastFromAtOrBelow(set: Intervals, n: number): number {
  let low = 0;
  let high = set.length >> 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(set, middle * 2) <= n) low = middle + 1;
    else high = middle;
  }
  return low * 2 - 2;
}

function at(set: Intervals, index: number): number {
  return set[index] ?? 0;
}

function append(result: number[], from: number, to: number): void {
  const last = result.length - 1;
  const end = at(result, last);
  if (last < 0 || from > end + 1) result.push(from, to);
  else if (to > end) result[last] = to;
}
