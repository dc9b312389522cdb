import type { ClientScope } from '../client-scope.ts';
import { matches } from '../pattern.ts';
import type { EmitResult, Emits } from './emits.ts';
import { encodeData } from './packet.ts';
import { type EmitTemplates, shown } from './templates.ts';

export interface RoomRequestsOwner {
  /** All rooms are confirmed. */
  onConfirmed(): void;
  onRoomRefused(reason: string): void;
  onRoomUnanswered(reason: string): void;
}

/** Asks for the rooms of a client on a new connection, and waits until the server has confirmed them. */
export class RoomRequests {
  readonly #owner: RoomRequestsOwner;
  readonly #emits: Emits;
  /** The requests of connections before count for nothing any more. */
  #round = 0;
  #unconfirmed = 0;

  constructor(owner: RoomRequestsOwner, emits: Emits) {
    this.#owner = owner;
    this.#emits = emits;
  }

  /** @returns whether confirmations are to come; else the server need only read what was sent */
  start(rooms: readonly string[], { send, confirm }: EmitTemplates, scope: ClientScope): boolean {
    this.#round += 1;
    const round = this.#round;
    this.#unconfirmed = confirm === undefined ? 0 : rooms.length;
    for (const room of rooms) {
      scope.local = { room };
      const wanted = confirm?.render(scope);
      this.#emits.emit({
        data: encodeData(send.render(scope)),
        mode: confirm === undefined ? 'plain' : 'ack',
        settle: (result) => {
          if (round === this.#round) this.#settled(room, result, wanted);
        },
      });
    }
    scope.forget();
    return confirm !== undefined;
  }

  /** The connection is gone. */
  stop(): void {
    this.#round += 1;
  }

  #settled(room: string, result: EmitResult, wanted: unknown): void {
    if (result.kind === 'sent') return;
    if (result.kind !== 'answered')
      this.#owner.onRoomUnanswered(`it does not answer the request for the room ${room}`);
    else if (!matches(wanted, result.args))
      this.#owner.onRoomRefused(`it answers the request for the room ${room} with ${shown(result.args)}`);
    else {
      this.#unconfirmed -= 1;
      if (this.#unconfirmed === 0) this.#owner.onConfirmed();
    }
  }
}
