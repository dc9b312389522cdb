import type { DeliveryLevel, GapReason } from './frame.ts';
import type { HeldBytes } from './held-bytes.ts';
import type { OutgoingMessage } from './message.ts';
import type { Clock, Random, Timers } from './ports.ts';

/** What a session is told, and what it tells: everything around it but the socket. */

export interface SessionSettings {
  readonly delivery: DeliveryLevel;
  readonly ackTimeoutMs: number;
  /** With false nothing is sent again on an open socket but what was nacked; a resume replays all the same. */
  readonly resend: boolean;
  /** Strikes (unanswered transmissions, nacks) a message survives. */
  readonly maxResend: number;
  readonly nackBackoffMs: number;
  readonly maxPending: number;
  /** Bytes of messages in one outbox, and in all of them together; either may be passed by one message. */
  readonly outboxBytesMax: number;
  readonly outboxBytesTotalMax: number;
  /** `pause`: the broadcaster makes publishes wait; what finds an outbox full all the same is rejected. */
  readonly overflow: 'reject' | 'drop-oldest' | 'disconnect' | 'pause';
  /** A socket with more than this buffered is not written to. */
  readonly bufferBytesMax: number;
  /** Retries of a send that failed for a passing reason. */
  readonly retryAttempts: number;
  readonly retryDelayMs: number;
}

/** Why a message of this session was given up: by a gap, or with the whole session. */
export type DropReason = GapReason | 'session-expired' | 'replaced' | 'restart' | 'goodbye';

/**
 * What a session tells the broadcaster. Called inside the hot path: implementations stay cheap.
 *
 * @typeParam Session - the class of the session, which this file does not know
 */
export interface SessionObserver<Session> {
  assigned(session: Session, seq: number, message: OutgoingMessage): void;
  /** @param attempt - 1 on the first transmission */
  sent(session: Session, seq: number, message: OutgoingMessage, attempt: number): void;
  /** @param roundTripUs - from the only transmission to the ack; -1 when there were several and it can't be told */
  acked(session: Session, seq: number, message: OutgoingMessage, roundTripUs: number): void;
  /** @param attempts - transmissions, 0 where nobody asks: with the whole session */
  dropped(
    session: Session,
    seq: number,
    message: OutgoingMessage,
    reason: DropReason,
    attempts?: number,
  ): void;
  sendFailed(session: Session, code: string, retried: boolean): void;
  /** A transmission had its full ack timeout on an open socket and was not answered. */
  ackOverdue(session: Session): void;
}

/** Slows a session down. Who says no pumps the session when it would say yes again. */
export interface SendGate {
  /** Asked before each transmission of a message. */
  admits(): boolean;
}

export interface SessionIdentity {
  readonly id: string;
  readonly clientId: string;
  readonly epoch: string;
}

export interface SessionOptions<Session> {
  readonly identity: SessionIdentity;
  readonly settings: SessionSettings;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly observer: SessionObserver<Session>;
  /** What all sessions of the broadcaster hold. */
  readonly heldBytes: HeldBytes;
}
