import { type ClientFrame, EVERYBODY } from '../protocol/frame.ts';
import type { Session } from '../protocol/session.ts';
import type { Rooms } from './rooms.ts';

/** A hello opens a session or replays one. */
const HELLO_UNITS = 50;
/** Outbox entries that are looked at for a unit. */
const ENTRIES_PER_UNIT = 32;
/** A notice is written at once; a message for an outbox is written later, in batches. */
const NOTICE_UNITS = 2;

/** Units of work, about a microsecond each, that a frame may cause: its sessions, rooms and outbox entries count. */
export function costOf(frame: ClientFrame, session: Session | undefined, rooms: Rooms): number {
  switch (frame.kind) {
    case 'ack': {
      if (frame.from === frame.seq || session === undefined) return 1;
      const { outbox } = session;
      return 1 + Math.min(frame.seq - frame.from, outbox.tail - outbox.head) / ENTRIES_PER_UNIT;
    }
    case 'hello':
      return HELLO_UNITS + frame.rooms.length;
    case 'envelope':
      return 1 + (frame.type === 'publish' ? rooms.members(roomOf(frame.payload)).size : 0);
    case 'action':
      return 1 + rooms.members(frame.room).size * NOTICE_UNITS;
    default:
      return 1;
  }
}

function roomOf(payload: unknown): string {
  const room: unknown = typeof payload === 'object' && payload !== null && 'room' in payload && payload.room;
  return typeof room === 'string' ? room : EVERYBODY;
}
