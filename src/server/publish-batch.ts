import type { RoomBroadcast } from '../broadcaster/room-broadcast.ts';
import type { OutgoingMessage } from '../protocol/message.ts';
import { Timer, type Timers } from '../protocol/ports.ts';

export type PublishSettled = (status: 'accepted' | 'rejected') => void;

/** Publishes to many rooms that are due in one turn go out as one broadcast. */
export class PublishBatch {
  readonly #timers: Timers;
  readonly #timer: Timer;
  readonly #due: { readonly message: OutgoingMessage; readonly settled: PublishSettled }[] = [];

  /** @param broadcast - gives undefined while there is no server, which refuses them all */
  constructor(
    timers: Timers,
    broadcast: (messages: readonly OutgoingMessage[]) => readonly RoomBroadcast[] | undefined,
  ) {
    this.#timers = timers;
    this.#timer = new Timer(() => {
      const due = this.#due.splice(0);
      const broadcasts = broadcast(due.map(({ message }) => message));
      for (const [index, { settled }] of due.entries()) {
        const outcome = broadcasts?.[index];
        settled(outcome !== undefined && outcome.error === undefined ? 'accepted' : 'rejected');
      }
    });
  }

  add(message: OutgoingMessage, settled: PublishSettled): void {
    this.#due.push({ message, settled });
    if (!this.#timer.armed) this.#timers.arm(this.#timer, 0);
  }

  stop(): void {
    this.#timers.disarm(this.#timer);
  }
}
