import type { AnomalyKind } from './anomaly.ts';
import type { LossReason } from './loss-reason.ts';

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

/** One example of something wrong (or lost), with what led to it. */
export interface Anomaly {
  readonly kind: AnomalyKind;
  /** `c17` or `c17#2` for the second session of client 17. */
  readonly session: string;
  /** `p1:42` is message 42 of publish stream 1; empty where no message is concerned. */
  readonly message: string;
  /** In words: why it counts as this. */
  readonly cause: string;
  /** Where it got lost: not enqueued, not sent, not received, received but not handled; empty when unknown. */
  readonly stage: string;
  readonly timeline: readonly { readonly atMs: number; readonly event: string }[];
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
