import type { OutgoingMessage } from '../protocol/message.ts';
import type { Clock, NewId, Random, Timers } from '../protocol/ports.ts';
import type { Session } from '../protocol/session.ts';
import type { DropReason } from '../protocol/session-contract.ts';
import type { Connection } from './connection.ts';
import type { BroadcastAlert } from './monitoring/alerts.ts';
import type { Refusal } from './policy.ts';

export interface BroadcasterPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** A stream of its own for each name, so that what one client does moves no draw of another. */
  readonly randomFor: (name: string) => Random;
  readonly newId: NewId;
  /** Tells an operator. */
  readonly alert?: (alert: BroadcastAlert) => void;
  /** Gets more resources, however the world does that; absent where there are none to be had. */
  readonly scale?: (alert: BroadcastAlert) => void;
}

/** What somebody who watches the broadcaster is told; the run's own record of the server is one. */
export interface BroadcasterObserver {
  sessionOpened(session: Session): void;
  sessionEnded(session: Session, reason: DropReason): void;
  /** A connection was given the session; what had it before has to be closed by now. */
  owned(session: Session, connection: Connection): void;
  assigned(session: Session, message: OutgoingMessage): void;
  sent(session: Session, message: OutgoingMessage, attempt: number): void;
  acked(session: Session, message: OutgoingMessage, roundTripUs: number): void;
  dropped(session: Session, message: OutgoingMessage, reason: DropReason): void;
  disconnected(clientId: string, connection: Connection): void;
  /** By the policy, or for a limit. */
  refused?(refusal: Refusal): void;
}
