import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rooms } from '../../src/broadcaster/rooms.ts';
import { ROOM_NAMES_LENGTH_MAX, ROOMS_MAX, ROOMS_OVERALL_MAX } from '../../src/protocol/limits.ts';
import { SessionFixture } from '../protocol/session-fixture.ts';

const SESSIONS = Array.from({ length: 4 }, () => new SessionFixture().session);
const NAMES = ['*', 'r1', 'r2'];

const step = fc.record({
  kind: fc.constantFrom('join', 'join', 'leave', 'leaveAll'),
  who: fc.nat(SESSIONS.length - 1),
  room: fc.constantFrom(...NAMES),
});

describe('rooms', () => {
  it('agree with a plain list of who is where', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const rooms = new Rooms();
        const there = new Set<string>();
        for (const { kind, who, room } of steps) {
          const session = SESSIONS[who];
          if (session === undefined) continue;
          const place = `${who} ${room}`;
          if (kind === 'join') {
            expect(rooms.join(session, room)).toBe(there.has(place) ? 'member' : 'joined');
            there.add(place);
          } else if (kind === 'leave') expect(rooms.leave(session, room)).toBe(there.delete(place));
          else {
            rooms.leaveAll(session);
            for (const name of NAMES) there.delete(`${who} ${name}`);
          }
          for (const name of NAMES) {
            const members = SESSIONS.filter((_, index) => there.has(`${index} ${name}`));
            expect(new Set(rooms.members(name))).toEqual(new Set(members));
          }
          for (const [index, member] of SESSIONS.entries()) {
            const names = NAMES.filter((name) => there.has(`${index} ${name}`));
            expect([...rooms.roomsOf(member)].sort()).toEqual(names.sort());
          }
          expect(rooms.size).toBe(new Set([...there].map((one) => one.split(' ')[1])).size);
        }
      }),
    );
  });

  it('nobody has ever been in are empty, not an error', () => {
    const rooms = new Rooms();
    const [session] = SESSIONS;
    if (session === undefined) throw new Error('there are sessions');
    expect([...rooms.members('nowhere')]).toEqual([]);
    expect([rooms.leave(session, 'nowhere'), rooms.isMember(session, 'nowhere'), rooms.size]).toEqual([
      false,
      false,
      0,
    ]);
    expect(() => rooms.leaveAll(session)).not.toThrow();
  });

  it('of one session are limited in number, and one that is left makes place', () => {
    const rooms = new Rooms();
    const [session, other] = [new SessionFixture().session, new SessionFixture().session];
    rooms.join(session, '*');
    for (let room = 0; room < ROOMS_MAX; room += 1) expect(rooms.join(session, `r${room}`)).toBe('joined');
    expect([rooms.join(session, 'one more'), rooms.join(session, 'r7')]).toEqual(['full', 'member']);
    expect([rooms.isMember(session, 'one more'), rooms.size]).toEqual([false, ROOMS_MAX + 1]);
    expect(rooms.join(other, 'one more')).toBe('joined');
    rooms.leave(session, 'r7');
    expect(rooms.join(session, 'one more')).toBe('joined');
  });

  it('of one session are limited in the length of their names', () => {
    const rooms = new Rooms();
    const session = new SessionFixture().session;
    rooms.join(session, '*');
    const name = (room: number): string => String(room).padStart(128, 'x');
    const fitting = ROOM_NAMES_LENGTH_MAX / 128;
    for (let room = 0; room < fitting; room += 1) expect(rooms.join(session, name(room))).toBe('joined');
    expect(rooms.join(session, 'x')).toBe('full');
    rooms.leave(session, name(3));
    expect(rooms.join(session, 'x')).toBe('joined');
  });

  it('over all sessions are limited, and those that exist can still be joined', () => {
    const rooms = new Rooms();
    for (let room = 0; room < ROOMS_OVERALL_MAX; ) {
      const session = new SessionFixture().session;
      for (let own = 0; own < ROOMS_MAX; own += 1, room += 1) rooms.join(session, `r${room}`);
    }
    const late = new SessionFixture().session;
    expect([rooms.join(late, 'one more'), rooms.join(late, 'r1')]).toEqual(['full', 'joined']);
    expect(rooms.size).toBe(ROOMS_OVERALL_MAX);
  });

  it('can be left while somebody walks over their members', () => {
    const rooms = new Rooms();
    for (const session of SESSIONS) rooms.join(session, 'r1');
    let seen = 0;
    for (const session of rooms.members('r1')) {
      seen += 1;
      rooms.leaveAll(session);
    }
    expect([seen, rooms.size]).toEqual([SESSIONS.length, 0]);
  });
});
