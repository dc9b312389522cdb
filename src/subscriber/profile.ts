import type { BackoffPolicy } from '../protocol/backoff.ts';
import type { AckMode } from '../protocol/frame.ts';

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
  readonly batch: boolean;
  readonly readBytesPerSec?: number;
}
