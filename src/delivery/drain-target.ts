import type { Intervals } from './intervals.ts';
import type { SeqSet } from './seq-set.ts';
import type { SessionLedger } from './session-ledger.ts';

/** The end of a stream; seq 0: nothing was accepted. */
export interface DrainGoal {
  readonly seq: number;
  readonly beginUs: number;
  /** Seqs that no client is owed. */
  readonly excluded: Intervals;
}

/** The same in a form that is fast to query repeatedly. */
export interface DrainTarget {
  /** Highest accepted seq. */
  readonly seq: number;
  /** When its publish began. */
  readonly beginUs: number;
  /** Seqs that no client is owed: rejected publishes, and those whose outcome is unknown. */
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

/** Number of excluded messages that were handled: one whose outcome is unknown may still arrive. */
function handledAmong(handled: SeqSet, excluded: SeqSet, from: number, to: number): number {
  const intervals = excluded.intervals();
  let count = 0;
  for (let index = 0; index < intervals.length; index += 2) {
    count += handled.countIn(Math.max(from, intervals[index] ?? 0), Math.min(to, intervals[index + 1] ?? 0));
  }
  return count;
}
