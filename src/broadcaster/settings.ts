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
