import type { OutgoingMessage } from '../protocol/message.ts';
import type { Session } from '../protocol/session.ts';
import type { DropReason, SessionObserver } from '../protocol/session-contract.ts';
import type { Connection } from './connection.ts';

/**
 * A part of the broadcaster that hears what becomes of sessions and of their messages. It implements the events that
 * it needs. Those of messages are on the hot path: implementations stay cheap.
 */
export interface SessionListener {
  /** A session has a new socket: what was held against the old one is forgotten. */
  owned?(session: Session, connection: Connection): void;
  /** A session has lost its socket: nothing is written to it any more. */
  released?(session: Session): void;
  /** A session ends. It has left its rooms, and its messages are dropped next. */
  discarded?(session: Session, reason: DropReason): void;
  missedPong?(session: Session): void;
  assigned?(session: Session, message: OutgoingMessage): void;
  /** @param attempt - 1 on the first transmission */
  sent?(session: Session, message: OutgoingMessage, attempt: number): void;
  /** @param roundTripUs - -1 when it can't be told */
  acked?(session: Session, message: OutgoingMessage, roundTripUs: number): void;
  /**
   * @param seq - 0 for what found no place in an outbox
   * @param attempts - transmissions, 0 where nobody asks
   */
  dropped?(
    session: Session,
    message: OutgoingMessage,
    reason: DropReason,
    seq: number,
    attempts: number,
  ): void;
  sendFailed?(session: Session, code: string, retried: boolean): void;
  ackOverdue?(session: Session): void;
}

type Event = keyof SessionListener;
type Hears<E extends Event> = Required<Pick<SessionListener, E>>;

/** Tells each event to those that hear it, in the order in which they were added. */
export class SessionListeners implements SessionObserver<Session> {
  readonly #owned: Hears<'owned'>[] = [];
  readonly #released: Hears<'released'>[] = [];
  readonly #discarded: Hears<'discarded'>[] = [];
  readonly #missedPong: Hears<'missedPong'>[] = [];
  readonly #assigned: Hears<'assigned'>[] = [];
  readonly #sent: Hears<'sent'>[] = [];
  readonly #acked: Hears<'acked'>[] = [];
  readonly #dropped: Hears<'dropped'>[] = [];
  readonly #sendFailed: Hears<'sendFailed'>[] = [];
  readonly #ackOverdue: Hears<'ackOverdue'>[] = [];

  /** @param listeners - undefined stands for one that the settings do not want */
  add(...listeners: readonly (SessionListener | undefined)[]): void {
    for (const listener of listeners) {
      if (listener === undefined) continue;
      if (hears(listener, 'owned')) this.#owned.push(listener);
      if (hears(listener, 'released')) this.#released.push(listener);
      if (hears(listener, 'discarded')) this.#discarded.push(listener);
      if (hears(listener, 'missedPong')) this.#missedPong.push(listener);
      if (hears(listener, 'assigned')) this.#assigned.push(listener);
      if (hears(listener, 'sent')) this.#sent.push(listener);
      if (hears(listener, 'acked')) this.#acked.push(listener);
      if (hears(listener, 'dropped')) this.#dropped.push(listener);
      if (hears(listener, 'sendFailed')) this.#sendFailed.push(listener);
      if (hears(listener, 'ackOverdue')) this.#ackOverdue.push(listener);
    }
  }

  owned(session: Session, connection: Connection): void {
    for (const listener of this.#owned) listener.owned(session, connection);
  }

  released(session: Session): void {
    for (const listener of this.#released) listener.released(session);
  }

  discarded(session: Session, reason: DropReason): void {
    for (const listener of this.#discarded) listener.discarded(session, reason);
  }

  missedPong(session: Session): void {
    for (const listener of this.#missedPong) listener.missedPong(session);
  }

  assigned(session: Session, _seq: number, message: OutgoingMessage): void {
    for (const listener of this.#assigned) listener.assigned(session, message);
  }

  sent(session: Session, _seq: number, message: OutgoingMessage, attempt: number): void {
    for (const listener of this.#sent) listener.sent(session, message, attempt);
  }

  acked(session: Session, _seq: number, message: OutgoingMessage, roundTripUs: number): void {
    for (const listener of this.#acked) listener.acked(session, message, roundTripUs);
  }

  dropped(session: Session, seq: number, message: OutgoingMessage, reason: DropReason, attempts = 0): void {
    for (const listener of this.#dropped) listener.dropped(session, message, reason, seq, attempts);
  }

  sendFailed(session: Session, code: string, retried: boolean): void {
    for (const listener of this.#sendFailed) listener.sendFailed(session, code, retried);
  }

  ackOverdue(session: Session): void {
    for (const listener of this.#ackOverdue) listener.ackOverdue(session);
  }
}

function hears<E extends Event>(listener: SessionListener, event: E): listener is SessionListener & Hears<E> {
  return listener[event] !== undefined;
}
