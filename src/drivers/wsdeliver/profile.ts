import type { BackoffPolicy } from '../../protocol/backoff.ts';
import type { AckMode } from '../../protocol/frame.ts';

/** How a simulated client behaves while nothing is wrong. */
export interface SubscriberProfile {
  readonly rooms: readonly string[];
  readonly ack: AckMode;
  /** Effectively-once: how far above a hole messages are held, in seqs. */
  readonly dedupWindow: number;
  readonly reconnect: BackoffPolicy;
  readonly handlerMs: number;
  /** Share of handler calls that fail, 0..1. */
  readonly handlerFailureRatio: number;
  /** A failed handler sends a nack; else it stays silent and the ack timeout brings the message again. */
  readonly nack: boolean;
  /** A nack asks for another try; else the server gives the message up. Absent: it does. */
  readonly nackRetry?: boolean;
  readonly batch: boolean;
  /** How long a message of its own waits for the server's answer before it is sent again; absent: 5 s. */
  readonly upstreamAckTimeoutMs?: number;
  readonly readBytesPerSec?: number;
}
