import type { Session } from '../protocol/session.ts';

const NOBODY: ReadonlySet<Session> = new Set();
const NO_ROOMS: ReadonlySet<string> = new Set();

/** Which session is in which room. Empty rooms vanish; a room nobody is in is an empty set, not an error. */
export class Rooms {
  readonly #members = new Map<string, Set<Session>>();
  readonly #roomsOf = new Map<Session, Set<string>>();

  /** @returns false when it was a member already */
  join(session: Session, room: string): boolean {
    let members = this.#members.get(room);
    if (members === undefined) {
      members = new Set();
      this.#members.set(room, members);
    }
    if (members.has(session)) return false;
    members.add(session);
    let rooms = this.#roomsOf.get(session);
    if (rooms === undefined) {
      rooms = new Set();
      this.#roomsOf.set(session, rooms);
    }
    rooms.add(room);
    return true;
  }

  /** @returns false when it was no member */
  leave(session: Session, room: string): boolean {
    const members = this.#members.get(room);
    if (members === undefined || !members.delete(session)) return false;
    if (members.size === 0) this.#members.delete(room);
    this.#roomsOf.get(session)?.delete(room);
    return true;
  }

  leaveAll(session: Session): void {
    for (const room of [...(this.#roomsOf.get(session) ?? [])]) this.leave(session, room);
    this.#roomsOf.delete(session);
  }

  members(room: string): ReadonlySet<Session> {
    return this.#members.get(room) ?? NOBODY;
  }

  roomsOf(session: Session): ReadonlySet<string> {
    return this.#roomsOf.get(session) ?? NO_ROOMS;
  }

  isMember(session: Session, room: string): boolean {
    return this.#members.get(room)?.has(session) ?? false;
  }

  /** Number of rooms with at least one member. */
  get size(): number {
    return this.#members.size;
  }
}
