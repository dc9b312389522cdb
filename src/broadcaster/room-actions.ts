import { type Action, encodeNotice } from '../protocol/frame.ts';
import type { Clock } from '../protocol/ports.ts';
import type { Session } from '../protocol/session.ts';
import { NOT_ALLOWED, ROOMS_FULL, type Rooms } from './rooms.ts';

/** Answers the at-most-once actions of clients: notices that nobody numbers or repeats. */
export class RoomActions {
  readonly #rooms: Rooms;
  readonly #clock: Clock;
  readonly #notify: (session: Session, text: string) => void;
  readonly #mayJoin: (session: Session, room: string) => boolean;
  readonly #mayPublish: (session: Session, room: string, type: string) => boolean;

  /** @param options - `notify` sends a text to the socket that a session has, if any */
  constructor(options: {
    readonly rooms: Rooms;
    readonly clock: Clock;
    readonly notify: (session: Session, text: string) => void;
    readonly mayJoin: (session: Session, room: string) => boolean;
    readonly mayPublish: (session: Session, room: string, type: string) => boolean;
  }) {
    this.#rooms = options.rooms;
    this.#clock = options.clock;
    this.#notify = options.notify;
    this.#mayJoin = options.mayJoin;
    this.#mayPublish = options.mayPublish;
  }

  act(session: Session, frame: Action): void {
    const { room } = frame;
    const { clientId } = session.identity;
    switch (frame.action) {
      case 'ping':
        this.#notify(session, encodeNotice('pong', { timestamp: Math.floor(this.#clock.nowUs() / 1000) }));
        return;
      case 'join': {
        if (!this.#mayJoin(session, room)) {
          this.#notify(session, encodeNotice('error', { message: `Cannot join: ${NOT_ALLOWED}`, room }));
          return;
        }
        const outcome = this.#rooms.join(session, room);
        if (outcome === 'full') {
          this.#notify(session, encodeNotice('error', { message: `Cannot join: ${ROOMS_FULL}`, room }));
          return;
        }
        const roomSize = this.#rooms.members(room).size;
        this.#notify(session, encodeNotice('joined', { room, roomSize }));
        if (outcome === 'joined')
          this.#notifyOthers(session, room, encodeNotice('userJoined', { room, clientId }));
        return;
      }
      case 'leave':
        if (this.#rooms.leave(session, room)) {
          this.#notifyOthers(session, room, encodeNotice('userLeft', { room, clientId }));
        }
        this.#notify(session, encodeNotice('left', { room }));
        return;
      case 'message':
        if (!this.#mayPublish(session, room, 'message')) {
          this.#notify(session, encodeNotice('error', { message: `Cannot send: ${NOT_ALLOWED}`, room }));
          return;
        }
        this.#notifyOthers(
          session,
          room,
          encodeNotice('message', { room, clientId, content: frame.content }),
        );
    }
  }

  #notifyOthers(from: Session, room: string, text: string): void {
    for (const session of this.#rooms.members(room)) if (session !== from) this.#notify(session, text);
  }
}
