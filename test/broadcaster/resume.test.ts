import { describe, expect, it } from 'vitest';
import { TRUSTING } from '../../src/broadcaster/policy.ts';
import { CloseCode } from '../../src/protocol/frame.ts';
import { DeliveryFixture } from './delivery-fixture.ts';
import { Wire } from './wire.ts';

describe('resume', () => {
  it('replays what was not handled, says so, and goes on with what is new', () => {
    const fixture = new DeliveryFixture();
    const first = new Wire(fixture);
    const welcome = first.hello('a');
    for (const type of ['m1', 'm2', 'm3']) fixture.submit(type);
    first.ack(1);
    first.hangUp();
    fixture.submit('m4');
    const second = new Wire(fixture);
    const again = second.resume('a', welcome, { lastSeq: 2 });
    fixture.submit('m5');
    expect(again).toMatchObject({ resumed: true, generation: 2, nextSeq: 3, session: welcome.session });
    expect(second.take()).toEqual(['welcome', '3#2', '4', 'replayed 4', '5']);
  });

  it('is there for a session that never received anything', () => {
    const fixture = new DeliveryFixture();
    const first = new Wire(fixture);
    const welcome = first.hello('a');
    first.hangUp();
    fixture.submit('m1');
    const second = new Wire(fixture);
    second.resume('a', welcome);
    expect(second.take()).toEqual(['welcome', '1', 'replayed 1']);
  });

  it('keeps the rooms, and joins those that the hello adds', () => {
    const fixture = new DeliveryFixture();
    const first = new Wire(fixture);
    const welcome = first.hello('a', { rooms: ['r1'] });
    first.hangUp();
    const second = new Wire(fixture);
    second.resume('a', welcome, { rooms: ['r2'] });
    second.take();
    for (const room of ['r1', 'r2', '*', 'r3']) fixture.submit(room, room);
    expect(second.frames().map(({ type }) => type)).toEqual(['r1', 'r2', '*']);
  });

  it('after the TTL is told `expired`, and gets a session that starts at seq 1', () => {
    const fixture = new DeliveryFixture({ resumeTtlMs: 1000 });
    const first = new Wire(fixture);
    const welcome = first.hello('a');
    fixture.submit('m1');
    first.hangUp();
    fixture.pass(1000);
    const second = new Wire(fixture);
    expect(second.resume('a', welcome)).toMatchObject({ resumed: false, reason: 'expired', nextSeq: 1 });
    fixture.submit('m2');
    expect(second.take()).toEqual(['welcome', '1']);
    expect([fixture.statistics.expiredSessions, fixture.statistics.refusedResumes]).toEqual([1, 1]);
  });

  it('right before the end of the TTL still gets everything', () => {
    const fixture = new DeliveryFixture({ resumeTtlMs: 1000 });
    const first = new Wire(fixture);
    const welcome = first.hello('a');
    first.hangUp();
    fixture.submit('m1');
    fixture.pass(999);
    const second = new Wire(fixture);
    second.resume('a', welcome);
    fixture.pass(60_000);
    expect(second.take()).toEqual(['welcome', '1', 'replayed 1']);
  });

  it('at another incarnation is told `restart`', () => {
    const before = new Wire(new DeliveryFixture()).hello('a');
    const answer = new Wire(new DeliveryFixture()).resume('a', { ...before, epoch: 'another' });
    expect(answer).toMatchObject({ resumed: false, reason: 'restart' });
  });

  it('of a session thrown out for its overflow is told `overflow`', () => {
    const fixture = new DeliveryFixture({ maxPending: 2, overflow: 'disconnect' });
    const first = new Wire(fixture);
    const welcome = first.hello('a');
    for (const type of ['m1', 'm2', 'm3']) fixture.submit(type);
    expect(first.link.closedWith).toBe(CloseCode.slowConsumer);
    first.hangUp(CloseCode.slowConsumer);
    expect(new Wire(fixture).resume('a', welcome)).toMatchObject({ resumed: false, reason: 'overflow' });
    expect(fixture.statistics).toMatchObject({ slowConsumers: 1, assigned: 3, dropped: 3, gaps: 0 });
  });

  it('of an absent session that overflowed is told `overflow` as well', () => {
    const fixture = new DeliveryFixture({ maxPending: 2, overflow: 'disconnect' });
    const first = new Wire(fixture);
    const welcome = first.hello('a');
    first.hangUp();
    for (const type of ['m1', 'm2', 'm3']) fixture.submit(type);
    expect(new Wire(fixture).resume('a', welcome)).toMatchObject({ resumed: false, reason: 'overflow' });
  });
});

describe('resume: tokens', () => {
  it('are single-use: the one before works until the new one has shown itself', () => {
    const fixture = new DeliveryFixture();
    const first = new Wire(fixture);
    const welcome = first.hello('a');
    fixture.submit('m1');
    first.hangUp();
    const second = new Wire(fixture);
    const renewed = second.resume('a', welcome);
    second.ack(1);
    second.hangUp();
    expect(new Wire(fixture).resume('a', welcome)).toMatchObject({ resumed: false, reason: 'bad-token' });
    expect(new Wire(fixture).resume('a', renewed)).toMatchObject({ resumed: true });
  });

  it('survive any number of welcomes that got lost with their sockets', () => {
    const fixture = new DeliveryFixture();
    const first = new Wire(fixture);
    const welcome = first.hello('a');
    first.hangUp();
    for (let lost = 0; lost < 3; lost += 1) {
      const wire = new Wire(fixture);
      expect(wire.resume('a', welcome).resumed).toBe(true);
      wire.hangUp();
    }
  });

  it('are not taken for arrived by what a client sends without having waited for the welcome', () => {
    const fixture = new DeliveryFixture();
    const first = new Wire(fixture);
    const welcome = first.hello('a');
    first.hangUp();
    const second = new Wire(fixture);
    second.resume('a', welcome);
    second.say({ seq: 1, type: 'publish', payload: { room: '*', type: 'tick' } });
    second.say({ action: 'join', room: 'r1' });
    second.hangUp();
    expect(new Wire(fixture).resume('a', welcome).resumed).toBe(true);
  });

  it('have arrived when a pong comes', () => {
    const fixture = new DeliveryFixture();
    const first = new Wire(fixture);
    const welcome = first.hello('a');
    first.hangUp();
    const second = new Wire(fixture);
    second.resume('a', welcome);
    second.pong();
    second.hangUp();
    expect(new Wire(fixture).resume('a', welcome).reason).toBe('bad-token');
  });

  it('that are wrong get a fresh session and leave the victim alone', () => {
    const fixture = new DeliveryFixture();
    const victim = new Wire(fixture);
    const welcome = victim.hello('a', { rooms: ['r1'] });
    fixture.submit('m1', 'r1');
    const thief = new Wire(fixture);
    const stolen = thief.resume('a', { ...welcome, token: 'guess' });
    expect(stolen).toMatchObject({ resumed: false, reason: 'bad-token' });
    expect(stolen.session).not.toBe(welcome.session);
    expect(thief.take()).toEqual(['welcome']);
    thief.hangUp(CloseCode.goodbye);
    expect(victim.link.closedWith).toBeUndefined();
    fixture.submit('m2', 'r1');
    victim.hangUp();
    const back = new Wire(fixture);
    expect(back.resume('a', welcome).resumed).toBe(true);
    expect(back.take()).toEqual(['welcome', '1#2', '2#2', 'replayed 2']);
  });

  it('that are wrong do not end an absent session either', () => {
    const fixture = new DeliveryFixture();
    const victim = new Wire(fixture);
    const welcome = victim.hello('a');
    victim.hangUp();
    new Wire(fixture).resume('a', { ...welcome, token: 'guess' });
    new Wire(fixture).resume('b', welcome);
    expect(new Wire(fixture).resume('a', welcome).resumed).toBe(true);
  });
});

describe('takeover', () => {
  it('closes the older socket with 4409 before anything is replayed', () => {
    const fixture = new DeliveryFixture();
    const older = new Wire(fixture);
    const welcome = older.hello('a');
    fixture.submit('m1');
    const newer = new Wire(fixture);
    let textsAtClose = -1;
    const close = older.link.close.bind(older.link);
    older.link.close = (code, reason) => {
      textsAtClose = newer.link.texts.length;
      close(code, reason);
    };
    newer.resume('a', welcome);
    expect([older.link.closedWith, textsAtClose]).toEqual([CloseCode.takenOver, 0]);
    expect(newer.take()).toEqual(['welcome', '1#2', 'replayed 1']);
    expect(fixture.statistics.takeovers).toBe(1);
  });

  it('makes whatever the older socket still says count for nothing', () => {
    const fixture = new DeliveryFixture();
    const older = new Wire(fixture);
    const welcome = older.hello('a');
    fixture.submit('m1');
    const newer = new Wire(fixture);
    newer.resume('a', welcome);
    older.ack(1);
    older.say({ kind: 'nack', seq: 1, retry: false });
    older.say({ seq: 1, type: 'publish', payload: { room: '*', type: 'tick' } });
    older.pong();
    expect(fixture.broadcaster.load().pendingTotal).toBe(1);
    expect(fixture.statistics.broadcasts).toBe(1);
  });

  it('is not undone when the older socket closes at last, with a goodbye or without', () => {
    for (const code of [CloseCode.takenOver, CloseCode.abnormal, CloseCode.goodbye]) {
      const fixture = new DeliveryFixture({ resumeTtlMs: 100 });
      const older = new Wire(fixture);
      const welcome = older.hello('a');
      const newer = new Wire(fixture);
      newer.resume('a', welcome);
      older.hangUp(code);
      fixture.pass(1000);
      newer.take();
      fixture.submit('m1');
      expect(newer.take()).toEqual(['1']);
      expect(fixture.broadcaster.load()).toMatchObject({ connections: 1, sessions: 1, absent: 0 });
    }
  });

  it('loses nothing that was published around it', () => {
    const fixture = new DeliveryFixture({ batchSize: 1, batchDelayMs: 5 });
    const older = new Wire(fixture);
    const welcome = older.hello('a');
    const other = new Wire(fixture);
    other.hello('b');
    for (const type of ['m1', 'm2', 'm3']) fixture.submit(type);
    const newer = new Wire(fixture);
    newer.resume('a', welcome);
    fixture.submit('m4');
    fixture.pass(100);
    const seqs = newer.take().filter((text) => !['welcome', 'replayed 3'].includes(text));
    expect(seqs.map((text) => text.split('#')[0])).toEqual(['1', '2', '3', '4']);
  });
});

describe('a hello without a resume', () => {
  it('ends the absent session of a client that is vouched for, and counts what was pending as dropped', () => {
    const fixture = new DeliveryFixture({}, undefined, TRUSTING);
    const first = new Wire(fixture);
    const welcome = first.hello('a');
    fixture.submit('m1');
    first.hangUp();
    new Wire(fixture).hello('a');
    expect(fixture.broadcaster.load()).toMatchObject({ sessions: 1, absent: 0 });
    expect(fixture.statistics.dropped).toBe(1);
    expect(new Wire(fixture).resume('a', welcome).reason).toBe('unknown-session');
  });

  it('opens a second session beside a connected one', () => {
    const fixture = new DeliveryFixture();
    const [first, second] = [new Wire(fixture), new Wire(fixture)];
    expect(first.hello('a').session).not.toBe(second.hello('a').session);
    fixture.submit('m1');
    expect([first.take(), second.take()]).toEqual([
      ['welcome', '1'],
      ['welcome', '1'],
    ]);
  });
});
