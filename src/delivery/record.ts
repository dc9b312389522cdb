import type { AnomalyKind } from './anomaly.ts';
import type { Cause } from './cause.ts';
import type { Intervals } from './intervals.ts';
import type { LossReason } from './loss-reason.ts';
import type { Note } from './timeline-event.ts';

/** Everything that one client saw in a run: plain data, sent from a load worker to the checker. */
export interface ClientRecord {
  /** Number of the client, from 0. */
  readonly client: number;
  readonly profile: string;
  /** Publish streams whose room it joined, ascending. */
  readonly subscribed: readonly number[];
  /** Instant of its first hello; -1 when it sent none. */
  readonly firstHelloUs: number;
  /** Whether it had a working connection when the record was made. */
  readonly connected: boolean;
  /** How often it had a working connection: the number of the latest one, from 1. */
  readonly connections: number;
  /** When its latest connection was lost; -1 when none was. */
  readonly closedUs: number;
  readonly sessions: readonly SessionRecord[];
  /** Its latest lifecycle notes. */
  readonly notes: readonly Note[];
}

export interface SessionRecord {
  /** The server's session id; empty when the server never confirmed the session. */
  readonly key: string;
  readonly helloSentUs: number;
  /** -1 when the server never confirmed it. */
  readonly subscribedUs: number;
  /**
   * Where nobody confirms a subscription: until when it may have taken effect. A stream is owed from then on, or from
   * its first message on. Absent when it was confirmed.
   */
  readonly effectiveByUs?: number;
  readonly resumes: number;
  /** Latest resume; -1 when there was none. */
  readonly resumedUs: number;
  readonly end: SessionEnd;
  readonly streams: readonly StreamRecord[];
  readonly gapWindows: readonly GapWindow[];
  readonly counts: SessionCounts;
}

/** How a session ended, from the client's view. */
export type SessionEnd =
  | { readonly kind: 'open' }
  /** A fresh session replaced it. */
  | {
      readonly kind: 'reset' /** Hello of the fresh one. */;
      readonly atUs: number;
      /** The reason given to the client; undefined when none was. */
      readonly told: LossReason | undefined;
    }
  | {
      readonly kind: 'goodbye';
      readonly atUs: number;
      /** When the connection was lost; -1 when that was not seen. */
      readonly closedUs: number;
      /** Whether the server answered the goodbye. */
      readonly confirmed: boolean;
    };

/** Messages of one publish stream in one session; absent sets are empty. */
export interface StreamRecord {
  readonly stream: number;
  /** When its first message arrived; only where that decides what is owed. */
  readonly firstUs?: number;
  readonly handled: Intervals;
  /** Received, never handled. */
  readonly unhandled?: Intervals;
  /** Handled more than once by the client, the last time in this session. */
  readonly repeated?: Intervals;
  /** Of those, the ones the client had declared handled before they were sent. */
  readonly repeatedAfterAck?: Intervals;
  readonly corrupt?: Intervals;
  /** Received, never handled, and covered by a gap: by reason. */
  readonly givenUp?: Partial<Record<LossReason, Intervals>>;
  /** Older messages first handled after newer ones: flat triples of older seq, newer seq, `INVERSIONS` index. */
  readonly inversions?: readonly number[];
  /** Inversions beyond the number kept, by `INVERSIONS` index. */
  readonly inversionsBeyond?: readonly number[];
}

export const INVERSIONS = ['reorder', 'rewind', 'filled'] as const;
export type Inversion = (typeof INVERSIONS)[number];

/**
 * A range of positions that never arrived, some of them covered by gaps, with the range of seqs in each stream that
 * the messages at these positions must have.
 */
export interface GapWindow {
  /** Positions covered by gaps, ascending. */
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
  /** Arrivals of messages that the client had declared handled when it resumed. */
  readonly resentAfterAck: number;
  /** Messages that arrived under a second position: published or enqueued twice. */
  readonly secondPositions: number;
  readonly phantom: number;
  readonly ackBeforeHandle: number;
  readonly late: number;
}

/** An anomaly that a ledger saw when it happened. */
export interface LedgerExample {
  readonly kind: AnomalyKind;
  readonly client: number;
  /** Index among the client's sessions, from 0. */
  readonly session: number;
  /** 0 if the driver has no positions. */
  readonly position: number;
  /** -1 where no readable message is concerned. */
  readonly stream: number;
  readonly seq: number;
  /** For inversions: the newer message that was handled before; otherwise 0. */
  readonly newer: number;
  readonly atUs: number;
  readonly cause: Cause;
  readonly notes: readonly Note[];
}
