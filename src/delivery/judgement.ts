import type { AnomalyKind } from './anomaly.ts';
import type { Cause, Stage } from './cause.ts';
import type { LossReason } from './loss-reason.ts';
import type { TimelineEvent } from './timeline-event.ts';

/** What the checker says: plain data, for assertions, the result file and the report. */

/** Outcomes of (message, session) pairs, and what was seen on the way. All are counts of pairs unless said otherwise. */
export interface DeliveryCounts {
  /** Messages accepted by the server (not pairs). */
  published: number;
  owed: number;
  /** Owed and handled, once or more. */
  delivered: number;
  lost: { silent: number; reported: number; reportedBy: Record<LossReason, number> };
  /** Extra handlings; those after the ack had reached the server; extra arrivals on the wire. */
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
  /** Acks that left before what they cover was handled. */
  ackBeforeHandle: number;
}

/** `up`: from the clients to the server. */
export type Direction = 'up' | 'down';

/** One example of something wrong (or lost), with what led to it. */
export interface Anomaly {
  readonly kind: AnomalyKind;
  readonly direction: Direction;
  /** Number of the client; absent where no single one is concerned. */
  readonly client?: number | undefined;
  /** Publish stream of the message; absent where no message is concerned. */
  readonly stream?: number | undefined;
  readonly seq?: number | undefined;
  /** Its name for people: `c17` or `c17#2` for the second session of client 17; empty for the whole run. */
  readonly session: string;
  /** Its name for people: `p1:42` is message 42 of publish stream 1, `c3:42` is message 42 of client 3. */
  readonly message: string;
  /** Why it counts as this. */
  readonly cause: Cause;
  /** Where it got lost; absent when unknown. */
  readonly stage?: Stage | undefined;
  readonly timeline: readonly ({ readonly atMs: number } & TimelineEvent)[];
}

/** What the server believes against what clients handled; only where the server's own record is at hand. */
export interface Belief {
  readonly deliveredHandled: number;
  /** The server had an ack, the client never handled it. */
  readonly deliveredNotHandled: number;
  readonly droppedHandled: number;
  readonly droppedNotHandled: number;
  readonly pendingHandled: number;
  readonly pendingNotHandled: number;
}
