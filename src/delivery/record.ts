import type { AnomalyKind } from './anomaly.ts';
import type { Cause } from './cause.ts';
import type { Intervals } from './intervals.ts';
import type { LossReason } from './loss-reason.ts';
import type { Note } from './timeline-event.ts';

/** What one client saw in a run, as it travels from a load worker to the checker: plain data. */
export interface ClientRecord {
  /** Number of the client, from 0. */
  readonly client: number;
  readonly profile: string;
  /** Publish streams whose room it joined, ascending. */
  readonly subscribed: readonly number[];
  /** Its first hello; -1 when it never said one. */
  readonly firstHelloUs: number;
  /** Whether it had a working connection when the record was made. */
  readonly connected: boolean;
  /** When its latest connection was gone; -1 when it never was. */
  readonly closedUs: number;
  readonly sessions: readonly SessionRecord[];
  /** Its latest lifecycle notes. */
  readonly notes: readonly Note[];
}

export interface SessionRecord {
  /** The server's name for it; empty when the server never confirmed it. */
  readonly key: string;
  readonly helloSentUs: number;
  /** -1 when the server never confirmed it. */
  readonly subscribedUs: number;
  readonly resumes: number;
  /** Latest resume; -1 when there was none. */
  readonly resumedUs: number;
  readonly end: SessionEnd;
  readonly streams: readonly StreamRecord[];
  readonly gapWindows: readonly GapWindow[];
  readonly counts: SessionCounts;
}

/** How a session ended, as far as its client knows. */
export type SessionEnd =
  | { readonly kind: 'open' }
  /** A fresh session took its place. */
  | {
      readonly kind: 'reset' /** Hello of the fresh one. */;
      readonly atUs: number;
      /** Why it is gone, as the client learned it; undefined when it learned nothing. */
      readonly told: LossReason | undefined;
    }
  | {
      readonly kind: 'goodbye';
      readonly atUs: number;
      /** When the connection was gone; -1 when that was not seen. */
      readonly closedUs: number;
      /** Whether the server answered the goodbye. */
      readonly confirmed: boolean;
    };

/** What one session saw of one publish stream; absent sets are empty. */
export interface StreamRecord {
  readonly stream: number;
  readonly handled: Intervals;
  /** Received, never handled. */
  readonly unhandled?: Intervals;
  /** Handled more than once by the client, the last time in this session. */
  readonly repeated?: Intervals;
  /** Of those, the ones the client had declared handled before they were sent. */
  readonly repeatedAfterAck?: Intervals;
  readonly corrupt?: Intervals;
  /** Received, never handled, and given up by a gap: by reason. */
  readonly givenUp?: Partial<Record<LossReason, Intervals>>;
  /** Older messages first handled after newer ones: flat triples of older seq, newer seq, `INVERSIONS` index. */
  readonly inversions?: readonly number[];
  /** Inversions beyond the number kept, by `INVERSIONS` index. */
  readonly inversionsBeyond?: readonly number[];
}

export const INVERSIONS = ['reorder', 'rewind', 'filled'] as const;
export type Inversion = (typeof INVERSIONS)[number];

/**
 * A stretch of positions that never arrived, some of them given up by gaps, and where in each stream the
 * messages at these positions must lie.
 */
export interface GapWindow {
  /** Positions given up, in order of position. */
  readonly credits: readonly (readonly [reason: LossReason, count: number])[];
  /** Per stream: highest seq received at a lower position, 0 for none. */
  readonly lower: readonly number[];
  /** Per stream: lowest seq received at a higher position, 0 for none. */
  readonly upper: readonly number[];
}

export interface SessionCounts {
  readonly duplicatesHandled: number;
  readonly duplicatesAfterAck: number;
  readonly duplicatesReceived: number;
  /** Arrivals of what the client had declared handled when it resumed. */
  readonly resentAfterAck: number;
  /** Messages that arrived under a second position: published or enqueued twice. */
  readonly secondPositions: number;
  readonly phantom: number;
  readonly ackBeforeHandle: number;
  readonly late: number;
}

/** One case of something wrong, seen by a ledger when it happened. */
export interface LedgerExample {
  readonly kind: AnomalyKind;
  readonly client: number;
  /** Place among the client's sessions, from 0. */
  readonly session: number;
  /** 0 where the driver has none. */
  readonly position: number;
  /** -1 where no readable message is concerned. */
  readonly stream: number;
  readonly seq: number;
  /** Inversions: the newer message handled before; otherwise 0. */
  readonly newer: number;
  readonly atUs: number;
  readonly cause: Cause;
  readonly notes: readonly Note[];
}
