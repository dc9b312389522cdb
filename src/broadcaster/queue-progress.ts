import type { OutgoingMessage } from '../protocol/message.ts';
import type { Session } from '../protocol/session.ts';
import type { DropReason } from '../protocol/session-contract.ts';
import type { MessageQueue } from './message-queue.ts';
import type { Rooms } from './rooms.ts';
import type { SessionListener } from './session-listener.ts';

/** Tells the queue who has a queued message, who did not get it, and who is away. */
export class QueueProgress implements SessionListener {
  readonly #queue: MessageQueue;
  readonly #rooms: Rooms;

  constructor(queue: MessageQueue, rooms: Rooms) {
    this.#queue = queue;
    this.#rooms = rooms;
  }

  owned({ identity }: Session): void {
    this.#queue.forgetAbsence(identity.clientId);
  }

  released(session: Session): void {
    if (!session.sequenced) this.#queue.left(session.identity.clientId, this.#rooms.roomsOf(session));
  }

  discarded({ identity }: Session, reason: DropReason): void {
    if (reason === 'goodbye') this.#queue.forgetAbsence(identity.clientId);
  }

  sent(session: Session, message: OutgoingMessage): void {
    if (!session.sequenced && !this.#queue.isEmpty) this.#queue.reached(message, session.identity.clientId);
  }

  dropped(session: Session, message: OutgoingMessage): void {
    if (!this.#queue.isEmpty) this.#queue.missed(message, session.identity.clientId);
  }
}
