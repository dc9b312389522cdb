import type { Random } from './ports.ts';

/** What can be drawn from a stream of random numbers. */

/** Uniform integer in [0, n); `n` from 1 to 2^32. */
export function integerBelow(random: Random, n: number): number {
  return Math.floor(random.next() * n);
}

/** @throws {RangeError} when there is nothing to pick from */
export function pick<T>(random: Random, items: readonly T[]): T {
  if (items.length === 0)
    throw new RangeError('Cannot pick an item: the list is empty, at least one is wanted');
  return items[integerBelow(random, items.length)] as T;
}

/** `count` different items in random order; all of them when there are fewer. */
export function sample<T>(random: Random, items: readonly T[], count: number): T[] {
  const drawn = items.slice();
  const wanted = Math.min(Math.max(0, count), drawn.length);
  for (let at = 0; at < wanted; at++) {
    const from = at + integerBelow(random, drawn.length - at);
    const item = drawn[from] as T;
    drawn[from] = drawn[at] as T;
    drawn[at] = item;
  }
  drawn.length = wanted;
  return drawn;
}
