import type { AnomalyKind } from './anomaly.ts';
import type { Cause, Stage } from './cause.ts';
import type { LossReason } from './loss-reason.ts';
import type { TimelineEvent } from './timeline-event.ts';

/** The output of the checker: plain data for assertions, the result file and the report. */

/** Outcomes of (message, session) pairs, and related events. All are counts of pairs unless stated otherwise. */
export interface DeliveryCounts {
  /** Messages accepted by the server (not pairs). */
  published: number;
  owed: number;
  /** Owed and handled, once or more. */
  delivered: number;
  lost: { silent: number; reported: number; reportedBy: Record<LossReason, number> };
  /** Handlings beyond the first; those after the ack had reached the server; arrivals beyond the first. */
  duplicates: { handled: number; handledAfterAck: number; received: number };
  /** An older message first handled after a newer one: on one connection; across a reconnect; by a redelivery that fills a hole. */
  reordered: number;
  rewound: number;
  filled: number;
  /** Largest distance of an inversion, in messages of one publisher. */
  displacementMax: number;
  phantom: number;
  corrupt: number;
  resurrected: number;
  recovered: number;
  unresolved: number;
  /** Optional (published around a subscribe or reset) and not handled. */
  notOwed: number;
  late: number;
  /** Acks that were sent before every message they cover was handled. */
  ackBeforeHandle: number;
}

/** `up`: from the clients to the server. */
export type Direction = 'up' | 'down';

/** One example of an anomaly, with the events that led to it. */
export interface Anomaly {
  readonly kind: AnomalyKind;
  readonly direction: Direction;
  /** Number of the client; absent if the anomaly concerns no single client. */
  readonly client?: number | undefined;
  /** Publish stream of the message; absent if no message is concerned. */
  readonly stream?: number | undefined;
  readonly seq?: number | undefined;
  /** Display name: `c17`, or `c17#2` for the second session of client 17; empty for the whole run. */
  readonly session: string;
  /** Display name: `p1:42` is message 42 of publish stream 1, `c3:42` is message 42 of client 3. */
  readonly message: string;
  /** Why it counts as an anomaly of this kind. */
  readonly cause: Cause;
  /** The stage at which the message was lost; absent when unknown. */
  readonly stage?: Stage | undefined;
  readonly timeline: readonly ({ readonly atMs: number } & TimelineEvent)[];
}

/** The server's belief compared with what clients handled; only with the server's own record. */
export interface Belief {
  readonly deliveredHandled: number;
  /** The server received an ack, but the client never handled the message. */
  readonly deliveredNotHandled: number;
  readonly droppedHandled: number;
  readonly droppedNotHandled: number;
  readonly pendingHandled: number;
  readonly pendingNotHandled: number;
}
