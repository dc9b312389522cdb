import { ROOM_NAMES_LENGTH_MAX, ROOMS_MAX, ROOMS_OVERALL_MAX } from '../protocol/limits.ts';
import type { Session } from '../protocol/session.ts';

const NOBODY: ReadonlySet<Session> = new Set();
const NO_ROOMS: ReadonlySet<string> = new Set();

/** `full`: one more room would pass a limit, of the session or over all. */
export type JoinOutcome = 'joined' | 'member' | 'full';

/** Whoever decides by the policy has said no. */
export const NOT_ALLOWED = 'it is not allowed';

export const ROOMS_FULL = `a session has at most ${ROOMS_MAX} rooms, their names at most ${ROOM_NAMES_LENGTH_MAX} characters together, and the server ${ROOMS_OVERALL_MAX} rooms`;

interface Memberships {
  readonly rooms: Set<string>;
  /** Characters of their names. */
  length: number;
}

/** Which session is in which room. Empty rooms vanish; a room nobody is in is an empty set, not an error. */
export class Rooms {
  readonly #members = new Map<string, Set<Session>>();
  readonly #of = new Map<Session, Memberships>();

  join(session: Session, room: string): JoinOutcome {
    let members = this.#members.get(room);
    if (members?.has(session)) return 'member';
    let own = this.#of.get(session);
    if (own !== undefined && !hasRoomFor(own, room)) return 'full';
    if (members === undefined) {
      if (this.#members.size >= ROOMS_OVERALL_MAX) return 'full';
      members = new Set();
      this.#members.set(room, members);
    }
    members.add(session);
    if (own === undefined) {
      own = { rooms: new Set(), length: 0 };
      this.#of.set(session, own);
    }
    own.rooms.add(room);
    own.length += room.length;
    return 'joined';
  }

  /** @returns false when it was no member */
  leave(session: Session, room: string): boolean {
    const members = this.#members.get(room);
    if (members === undefined || !members.delete(session)) return false;
    if (members.size === 0) this.#members.delete(room);
    const own = this.#of.get(session);
    if (own?.rooms.delete(room)) own.length -= room.length;
    return true;
  }

  leaveAll(session: Session): void {
    for (const room of [...this.roomsOf(session)]) this.leave(session, room);
    this.#of.delete(session);
  }

  members(room: string): ReadonlySet<Session> {
    return this.#members.get(room) ?? NOBODY;
  }

  roomsOf(session: Session): ReadonlySet<string> {
    return this.#of.get(session)?.rooms ?? NO_ROOMS;
  }

  isMember(session: Session, room: string): boolean {
    return this.#members.get(room)?.has(session) ?? false;
  }

  /** Number of rooms with at least one member. */
  get size(): number {
    return this.#members.size;
  }
}

/** The first room of a session is the one of everybody, which does not count. */
function hasRoomFor({ rooms, length }: Memberships, room: string): boolean {
  return rooms.size <= ROOMS_MAX && length + room.length <= ROOM_NAMES_LENGTH_MAX + 1;
}
