import type { SessionSettings } from '../protocol/session-contract.ts';
import type { QueueSettings } from './message-queue.ts';
import type { AlertSettings } from './monitoring/alerts.ts';
import type { FailureSettings } from './monitoring/failure-handler.ts';

/** Everything that can be chosen about the reference broadcaster. */
export interface BroadcasterSettings extends SessionSettings {
  /** How long the session of an absent client is kept. */
  readonly resumeTtlMs: number;
  readonly helloTimeoutMs: number;
  /** Connections and sessions at a time; more are refused, and told to try again later. */
  readonly connectionsMax: number;
  readonly sessionsMax: number;
  /** Frames a second of one connection; what comes on top waits, and its socket is not read. */
  readonly framesPerSecMax: number;
  /** `bufferedAmount` above which a client is reported, at most once per `bufferWarnIntervalMs`. */
  readonly bufferBytesWarn: number;
  readonly bufferWarnIntervalMs: number;
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
  readonly missedPongsMax: number;
  /** The least that a client has to read, bytes a second: a pong may be late by the time for what was sent before it. */
  readonly readBytesPerSecMin: number;
  /** Clients written to before the fan-out yields, and the pause after that; 0 only yields. */
  readonly batchSize: number;
  readonly batchDelayMs: number;
  /** A send that has not left by then counts as failed. */
  readonly messageTimeoutMs: number;
  /** Bytes of publishes that wait for room in an outbox; more are refused. */
  readonly waitingBytesMax: number;
  /** Bytes of what one client sent and was not answered yet, and of all clients together; more is refused. */
  readonly requestBytesMax: number;
  readonly requestBytesTotalMax: number;
  /** Bytes of the dead letters that are kept to be looked at. */
  readonly deadLetterBytesMax: number;
  /** The naive one is there to be tested against. */
  readonly broadcaster: 'robust' | 'naive';
  readonly failures: FailureSettings;
  readonly queue: QueueSettings;
  readonly alerts: AlertSettings;
}

const MIB = 1024 * 1024;

export const DEFAULT_SETTINGS: BroadcasterSettings = {
  delivery: 'at-least-once',
  ackTimeoutMs: 5000,
  resend: true,
  maxResend: 5,
  nackBackoffMs: 1000,
  maxPending: 1000,
  outboxBytesMax: 16 * MIB,
  outboxBytesTotalMax: 128 * MIB,
  overflow: 'reject',
  bufferBytesMax: 1_048_576,
  retryAttempts: 2,
  retryDelayMs: 100,
  resumeTtlMs: 30_000,
  helloTimeoutMs: 5000,
  connectionsMax: 10_000,
  sessionsMax: 20_000,
  framesPerSecMax: 10_000,
  bufferBytesWarn: 524_288,
  bufferWarnIntervalMs: 5000,
  pingIntervalMs: 30_000,
  pongTimeoutMs: 10_000,
  missedPongsMax: 2,
  readBytesPerSecMin: 32_768,
  batchSize: 100,
  batchDelayMs: 10,
  messageTimeoutMs: 5000,
  waitingBytesMax: 32 * MIB,
  requestBytesMax: 4 * MIB,
  requestBytesTotalMax: 32 * MIB,
  deadLetterBytesMax: 16 * MIB,
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
  queue: { size: 10_000, bytesMax: 32 * MIB, retries: 3, retryDelayMs: 1000, intervalMs: 100 },
  alerts: { windowMs: 300_000, failureRatio: 0.1, bufferRatio: 0.8, latencyMs: 100, actions: ['log'] },
};
