import type { SessionSettings } from '../protocol/session-contract.ts';
import type { AlertSettings } from './alerts.ts';
import type { FailureSettings } from './failure-handler.ts';
import type { QueueSettings } from './message-queue.ts';

/** Everything that can be chosen about the reference broadcaster. */
export interface BroadcasterSettings extends SessionSettings {
  /** How long the session of an absent client is kept. */
  readonly resumeTtlMs: number;
  readonly helloTimeoutMs: number;
  /** `bufferedAmount` above which a client is reported, at most once per `bufferWarnIntervalMs`. */
  readonly bufferBytesWarn: number;
  readonly bufferWarnIntervalMs: number;
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
  readonly missedPongsMax: number;
  /** Clients written to before the fan-out yields, and the pause after that; 0 only yields. */
  readonly batchSize: number;
  readonly batchDelayMs: number;
  /** A send that has not left by then counts as failed. */
  readonly messageTimeoutMs: number;
  /** The naive one is there to be tested against. */
  readonly broadcaster: 'robust' | 'naive';
  readonly failures: FailureSettings;
  readonly queue: QueueSettings;
  readonly alerts: AlertSettings;
}

export const DEFAULT_SETTINGS: BroadcasterSettings = {
  delivery: 'at-least-once',
  ackTimeoutMs: 5000,
  resend: true,
  maxResend: 5,
  nackBackoffMs: 1000,
  maxPending: 1000,
  overflow: 'reject',
  bufferBytesMax: 1_048_576,
  retryAttempts: 2,
  retryDelayMs: 100,
  resumeTtlMs: 30_000,
  helloTimeoutMs: 5000,
  bufferBytesWarn: 524_288,
  bufferWarnIntervalMs: 5000,
  pingIntervalMs: 30_000,
  pongTimeoutMs: 10_000,
  missedPongsMax: 2,
  batchSize: 100,
  batchDelayMs: 10,
  messageTimeoutMs: 5000,
  broadcaster: 'robust',
  failures: {
    threshold: 5,
    windowMs: 60_000,
    globalRatio: 0.1,
    historyMs: 300_000,
    strategy: 'none',
    throttlePerSec: 10,
    keepEvery: 5,
  },
  queue: { size: 10_000, retries: 3, retryDelayMs: 1000, intervalMs: 100 },
  alerts: { windowMs: 300_000, failureRatio: 0.1, bufferRatio: 0.8, latencyMs: 100, actions: ['log'] },
};
