import { describe, expect, it } from 'vitest';
import { broadcastToRooms, sumOfRooms } from '../../src/broadcaster/room-broadcast.ts';
import { newStatistics } from '../../src/broadcaster/statistics.ts';
import { OutgoingMessage } from '../../src/protocol/message.ts';
import { MonitoringFixture } from './monitoring-fixture.ts';

function messagesFor(...rooms: string[]): OutgoingMessage[] {
  return rooms.map((room) => new OutgoingMessage({ room, type: `to-${room}`, payloadText: 'null' }));
}

describe('broadcast to many rooms', () => {
  it('sends each room its own message', () => {
    const fixture = new MonitoringFixture({ delivery: 'at-most-once' });
    const [a, b, both] = [
      fixture.connect('a', ['x']),
      fixture.connect('b', ['y']),
      fixture.connect('c', ['x', 'y']),
    ];
    const broadcasts = fixture.broadcaster.broadcastToRooms(messagesFor('x', 'y'));
    expect([a, b, both].map((client) => client.messages())).toEqual([['to-x'], ['to-y'], ['to-x', 'to-y']]);
    expect(sumOfRooms(broadcasts)).toEqual({ total: 4, sent: 4, skipped: 0, dropped: 0, failed: 0 });
    expect(fixture.statistics).toMatchObject({ roomBroadcasts: 1, roomFailures: 0 });
  });

  it('has a result of zeros for a room that is not there, and no sum becomes NaN', () => {
    const fixture = new MonitoringFixture({ delivery: 'at-most-once' });
    fixture.connect('a', ['x']);
    const broadcasts = fixture.broadcaster.broadcastToRooms(messagesFor('missing', 'x'));
    expect(broadcasts[0]).toMatchObject({ room: 'missing', result: { total: 0, sent: 0, failed: 0 } });
    expect(broadcasts[0]?.error).toBeUndefined();
    expect(sumOfRooms(broadcasts)).toEqual({ total: 1, sent: 1, skipped: 0, dropped: 0, failed: 0 });
    expect(sumOfRooms([])).toEqual({ total: 0, sent: 0, skipped: 0, dropped: 0, failed: 0 });
  });

  it('goes on with the other rooms when one of them breaks', () => {
    const statistics = newStatistics();
    const reached: string[] = [];
    const broadcasts = broadcastToRooms(messagesFor('x', 'broken', 'y'), statistics, ({ room }) => {
      if (room === 'broken') throw new Error('out of order');
      reached.push(room);
      return undefined;
    });
    expect(reached).toEqual(['x', 'y']);
    expect(broadcasts.map(({ room, error }) => [room, error])).toEqual([
      ['x', undefined],
      ['broken', 'out of order'],
      ['y', undefined],
    ]);
    expect(statistics).toMatchObject({ roomBroadcasts: 1, roomFailures: 1 });
  });

  it('tells of a room that refuses', () => {
    const fixture = new MonitoringFixture();
    fixture.broadcaster.drain(0);
    const broadcasts = fixture.broadcaster.broadcastToRooms(messagesFor('x'));
    expect(broadcasts.map(({ error }) => error)).toEqual(['draining']);
  });

  it('is not held up by a full buffer in one of the rooms', () => {
    const fixture = new MonitoringFixture({ delivery: 'at-most-once' });
    const [stuck, fine] = [fixture.connect('a', ['x']), fixture.connect('b', ['y'])];
    stuck.link.bufferedBytes = 2 ** 21;
    const broadcasts = fixture.broadcaster.broadcastToRooms(messagesFor('x', 'y'));
    expect(fine.messages()).toEqual(['to-y']);
    expect(sumOfRooms(broadcasts)).toMatchObject({ sent: 1, dropped: 1 });
  });
});

describe('room info', () => {
  it('tells size, members and how many of them are healthy', () => {
    const fixture = new MonitoringFixture({ pingIntervalMs: 1000, pongTimeoutMs: 100, missedPongsMax: 5 });
    const [a] = [fixture.connect('a', ['x']), fixture.connect('b', ['x']), fixture.connect('c', ['y'])];
    for (let turn = 0; turn < 20; turn += 1) {
      fixture.time.runFor(90);
      a.pong();
    }
    expect(fixture.broadcaster.roomInfo('x')).toEqual({
      room: 'x',
      size: 2,
      members: ['a', 'b'],
      healthy: 1,
    });
    expect([fixture.broadcaster.isHealthy('a'), fixture.broadcaster.isHealthy('b')]).toEqual([true, false]);
  });

  it('knows a room that nobody is in, any more or ever', () => {
    const fixture = new MonitoringFixture({ delivery: 'at-most-once' });
    fixture.connect('a', ['x', 'y']).drop();
    for (const room of ['x', 'y', 'never', '*']) {
      expect(fixture.broadcaster.roomInfo(room)).toEqual({ room, size: 0, members: [], healthy: 0 });
    }
    expect(fixture.broadcaster.rooms.size).toBe(0);
    expect(fixture.broadcaster.isHealthy('a')).toBe(false);
  });
});
