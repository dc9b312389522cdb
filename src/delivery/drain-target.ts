import type { Intervals } from './intervals.ts';
import type { SeqSet } from './seq-set.ts';
import type { SessionLedger } from './session-ledger.ts';

/** How far a stream was published; seq 0: nothing was accepted. */
export interface DrainGoal {
  readonly seq: number;
  readonly beginUs: number;
  /** Seqs that nobody owes. */
  readonly excluded: Intervals;
}

/** The same where it is looked at over and over. */
export interface DrainTarget {
  /** Highest accepted seq. */
  readonly seq: number;
  /** When its publish began. */
  readonly beginUs: number;
  /** Seqs that nobody owes: rejected ones, and those whose outcome is unknown. */
  readonly excluded: SeqSet;
}

/** Messages of one stream that a session still has to handle, gaps aside. */
export function missingUpTo(session: SessionLedger, stream: number, target: DrainTarget): number {
  const handled = session.streamSeen(stream)?.handled;
  if (handled === undefined || handled.count === 0) return 1;
  return missingIn(handled, handled.min, Math.max(handled.min, target.seq), target.excluded);
}

/** Seqs of `[from..to]` that are neither handled nor excluded. */
export function missingIn(handled: SeqSet, from: number, to: number, excluded: SeqSet | undefined): number {
  const missing = to - from + 1 - handled.countIn(from, to);
  if (missing <= 0 || excluded === undefined || excluded.count === 0) return Math.max(0, missing);
  return Math.max(0, missing - (excluded.countIn(from, to) - handledAmong(handled, excluded, from, to)));
}

/** How many of the excluded were handled all the same: a message whose outcome is unknown may well arrive. */
function handledAmong(handled: SeqSet, excluded: SeqSet, from: number, to: number): number {
  const intervals = excluded.intervals();
  let count = 0;
  for (let index = 0; index < intervals.length; index += 2) {
    count += handled.countIn(Math.max(from, intervals[index] ?? 0), Math.min(to, intervals[index + 1] ?? 0));
  }
  return count;
}
