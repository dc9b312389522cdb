import { describe, expect, it } from 'vitest';
import { UNITS_MAX } from '../../src/broadcaster/turns.ts';
import { DeliveryFixture } from './delivery-fixture.ts';
import { Wire } from './wire.ts';

const CROWD = 600;

function publishes(count: number, from = 1): string {
  const frames = Array.from({ length: count }, (_, index) => ({
    seq: from + index,
    type: 'publish',
    payload: { room: 'crowd', type: `t${from + index}` },
  }));
  return JSON.stringify(frames);
}

/** A broadcaster with a crowd of absent sessions, and somebody who may publish to it. */
function crowded(): { fixture: DeliveryFixture; wire: Wire } {
  const fixture = new DeliveryFixture();
  for (let client = 0; client < CROWD; client += 1) fixture.peer(`c${client}`, 'crowd').drop();
  const wire = new Wire(fixture);
  wire.hello('a');
  wire.take();
  return { fixture, wire };
}

describe('frames that cause much work', () => {
  it('are handled a few in each turn, in order, and each is answered once', () => {
    const { fixture, wire } = crowded();
    wire.raw(publishes(100));
    wire.raw(publishes(10, 101));
    let [turns, before] = [0, fixture.statistics.broadcasts];
    expect(before * CROWD).toBeLessThanOrEqual(2 * UNITS_MAX);
    while (fixture.statistics.broadcasts < 110 && fixture.time.step()) {
      turns += 1;
      // Work that five connections may cause, and the one message with which that is passed.
      expect((fixture.statistics.broadcasts - before) * CROWD).toBeLessThanOrEqual(5 * UNITS_MAX + CROWD);
      before = fixture.statistics.broadcasts;
    }
    expect(turns).toBeGreaterThan(10);
    const answers = Array.from({ length: 110 }, (_, index) => `ack ${index + 1}`);
    expect(wire.take()).toEqual(answers);
  });

  it('do not keep a client waiting that asks for little', () => {
    const { fixture, wire } = crowded();
    const other = new Wire(fixture);
    other.hello('b');
    other.take();
    wire.raw(publishes(100));
    fixture.time.step();
    other.say({ action: 'ping' });
    expect(other.take()).toEqual(['pong']);
    expect(fixture.statistics.broadcasts).toBeLessThan(20);
  });

  it('share the turns with those of other connections', () => {
    const { fixture, wire } = crowded();
    const other = new Wire(fixture);
    other.hello('b');
    other.take();
    wire.raw(publishes(100));
    other.raw(publishes(3));
    while (other.link.texts.length < 3 && fixture.time.step());
    expect(other.take()).toEqual(['ack 1', 'ack 2', 'ack 3']);
    expect(wire.take().length).toBeLessThan(15);
  });

  it('stop the reading of their connection until they are done', () => {
    const { fixture, wire } = crowded();
    wire.raw(publishes(20));
    expect(wire.link.paused).toBe(true);
    fixture.pass();
    expect([wire.link.paused, fixture.statistics.broadcasts]).toEqual([false, 20]);
    expect(fixture.time.plannedCount).toBeGreaterThan(0);
  });

  it('are handled although their client hung up behind them, and its goodbye comes last', () => {
    const { fixture, wire } = crowded();
    wire.raw(publishes(20));
    wire.hangUp(1000);
    expect(fixture.broadcaster.load().sessions).toBe(CROWD + 1);
    fixture.pass();
    expect([fixture.statistics.broadcasts, fixture.broadcaster.load().sessions]).toEqual([20, CROWD]);
  });

  it('are forgotten when the session is taken over', () => {
    const { fixture } = crowded();
    const first = new Wire(fixture);
    const welcome = first.hello('b');
    first.raw(publishes(20));
    const done = fixture.statistics.broadcasts;
    new Wire(fixture).resume('b', welcome);
    fixture.pass();
    expect([fixture.statistics.broadcasts, first.link.paused]).toEqual([done, false]);
  });

  it('are forgotten when the server stops, and leave no timer', () => {
    const { fixture, wire } = crowded();
    wire.raw(publishes(20));
    const done = fixture.statistics.broadcasts;
    fixture.broadcaster.stop('restart');
    fixture.time.run();
    expect(fixture.statistics.broadcasts).toBe(done);
  });

  it('cost their own link when one of them meets a fault of the server', () => {
    const { fixture, wire } = crowded();
    const other = new Wire(fixture);
    other.hello('b');
    other.take();
    const failures: unknown[] = [];
    wire.link.fail = (error) => failures.push(error);
    wire.raw(publishes(20));
    other.raw(publishes(3));
    const { rooms } = fixture.broadcaster;
    const { members } = rooms;
    let calls = 0;
    rooms.members = (room) => {
      calls += 1;
      if (calls === 1) throw new Error('a fault of ours');
      return members.call(rooms, room);
    };
    fixture.pass();
    expect(failures).toEqual([new Error('a fault of ours')]);
    expect(other.take()).toEqual(['ack 1', 'ack 2', 'ack 3']);
  });

  it('are life: a heartbeat does not count them as silence', () => {
    const fixture = new DeliveryFixture({ pingIntervalMs: 1000, pongTimeoutMs: 300 });
    const wire = new Wire(fixture);
    wire.hello('a');
    for (let beat = 0; beat < 9; beat += 1) {
      fixture.pass(1000);
      wire.raw(`[${Array(3000).fill('{"action":"ping"}').join()}]`);
    }
    fixture.pass(299);
    expect(wire.link.terminated).toBe(false);
  });
});

describe('frames that cause little work', () => {
  it('are handled at once, a thousand acks in a row', () => {
    const fixture = new DeliveryFixture();
    const wire = new Wire(fixture);
    wire.hello('a');
    for (let seq = 1; seq <= UNITS_MAX / 2; seq += 1) fixture.submit('t');
    fixture.pass();
    for (let seq = 1; seq <= UNITS_MAX / 2; seq += 1) wire.ack(seq);
    expect([fixture.broadcaster.load().pendingTotal, wire.link.paused]).toEqual([0, false]);
  });

  it('make way after some thousand: acks of ranges that walk the outbox do so soon', () => {
    const fixture = new DeliveryFixture();
    const wire = new Wire(fixture);
    wire.hello('a');
    for (let seq = 1; seq <= 900; seq += 1) fixture.submit('t');
    fixture.pass();
    wire.raw(`[${Array(1000).fill('{"kind":"ack","seq":900,"from":1}').join()}]`);
    expect([wire.link.paused, fixture.statistics.ackFrames < 100]).toEqual([true, true]);
    fixture.pass();
    expect([wire.link.paused, fixture.statistics.ackFrames]).toEqual([false, 1000]);
    expect(fixture.broadcaster.load().pendingTotal).toBe(900);
  });

  it('that come in one text with others keep their place among them', () => {
    const fixture = new DeliveryFixture();
    const wire = new Wire(fixture);
    wire.hello('a');
    wire.take();
    const pings = (count: number): object[] => Array<object>(count).fill({ action: 'ping' });
    wire.raw(JSON.stringify([...pings(3000), { action: 'join', room: 'r' }]));
    wire.say({ action: 'leave', room: 'r' });
    fixture.pass();
    expect(wire.take().filter((type) => type !== 'pong')).toEqual(['joined', 'left']);
    expect(fixture.broadcaster.rooms.members('r').size).toBe(0);
  });
});
