import { describe, expect, it } from 'vitest';
import { type Authorization, type Policy, TRUSTING } from '../../src/broadcaster/policy.ts';
import { OutgoingMessage } from '../../src/protocol/message.ts';
import { LinkState } from '../../src/protocol/ports.ts';
import { DeliveryFixture } from './delivery-fixture.ts';
import { Wire } from './wire.ts';

/** Decides when the test says so. */
class SlowPolicy implements Policy {
  readonly asked: string[] = [];
  readonly settles: ((authorization: Authorization) => void)[] = [];

  authorize(...[credentials, { clientId }, settled]: Parameters<Required<Policy>['authorize']>): void {
    this.asked.push(`${credentials} ${clientId}`);
    this.settles.push(settled);
  }
}

function fixtureWith(policy: Policy | undefined, settings = {}): DeliveryFixture {
  return new DeliveryFixture(settings, undefined, policy);
}

describe('an authorization', () => {
  it('decides by what came with the connection, and may give the client another name', () => {
    const policy = new SlowPolicy();
    const fixture = fixtureWith(policy);
    const wire = new Wire(fixture, 'cookie');
    wire.say({ kind: 'hello', clientId: 'whoever' });
    expect([policy.asked, wire.take()]).toEqual([['cookie whoever'], []]);
    policy.settles[0]?.({ allowed: true, clientId: 'alice' });
    expect(wire.frames()).toMatchObject([{ kind: 'welcome' }]);
    expect(fixture.broadcaster.roomInfo('*').members).toEqual(['alice']);
  });

  it('that refuses closes the connection with 4403 and the reason, and opens no session', () => {
    const policy = new SlowPolicy();
    const fixture = fixtureWith(policy);
    const wire = new Wire(fixture);
    wire.say({ kind: 'hello', clientId: 'a' });
    policy.settles[0]?.({ allowed: false, reason: 'no ticket' });
    expect(wire.link.closes).toEqual([[4403, 'no ticket']]);
    expect(fixture.broadcaster.load().sessions).toBe(0);
    expect(fixture.statistics.hellosRefused).toBe(1);
  });

  it('makes frames that come before it wait, in order, while the socket is not read', () => {
    const policy = new SlowPolicy();
    const fixture = fixtureWith(policy);
    const wire = new Wire(fixture);
    wire.raw('[{"kind":"hello","clientId":"a"},{"action":"join","room":"r"}]');
    wire.say({ action: 'ping' });
    expect(wire.link.paused).toBe(true);
    policy.settles[0]?.({ allowed: true });
    fixture.pass();
    expect(wire.link.paused).toBe(false);
    expect(wire.frames()).toMatchObject([{ kind: 'welcome' }, { type: 'joined' }, { type: 'pong' }]);
  });

  it('that takes longer than a hello may is too late', () => {
    const policy = new SlowPolicy();
    const fixture = fixtureWith(policy, { helloTimeoutMs: 1000 });
    const wire = new Wire(fixture);
    wire.say({ kind: 'hello', clientId: 'a' });
    fixture.pass(1001);
    expect(wire.link.closes).toEqual([[4408, 'not authorized in time']]);
    policy.settles[0]?.({ allowed: true });
    expect(fixture.broadcaster.load().sessions).toBe(0);
  });

  it('that comes when the client is gone opens nothing, and keeps no connection', () => {
    const policy = new SlowPolicy();
    const fixture = fixtureWith(policy);
    const wire = new Wire(fixture);
    wire.say({ kind: 'hello', clientId: 'a' });
    wire.say({ action: 'ping' });
    wire.hangUp();
    policy.settles[0]?.({ allowed: true });
    fixture.pass();
    expect(fixture.broadcaster.load()).toMatchObject({ sessions: 0, connections: 0 });
  });

  it('counts once, whatever is said after it', () => {
    const policy = new SlowPolicy();
    const fixture = fixtureWith(policy);
    const wire = new Wire(fixture);
    wire.say({ kind: 'hello', clientId: 'a' });
    policy.settles[0]?.({ allowed: true });
    policy.settles[0]?.({ allowed: false, reason: 'second thoughts' });
    expect([wire.link.state, fixture.broadcaster.load().sessions]).toEqual([LinkState.open, 1]);
  });

  it('after which the resume is impossible costs that connection alone', () => {
    const policy = new SlowPolicy();
    const fixture = fixtureWith(policy);
    const wire = new Wire(fixture);
    wire.say({ kind: 'hello', clientId: 'a' });
    policy.settles[0]?.({ allowed: true });
    const [welcome = {}] = wire.frames();
    wire.hangUp();
    const again = new Wire(fixture);
    again.resume('a', welcome, { lastSeq: 99 });
    policy.settles[1]?.({ allowed: true });
    expect(again.link.closes[0]?.[0]).toBe(4400);
  });
});

describe('a hello that asks for no session', () => {
  it('ends nobody\u2019s session where nobody has checked who is asking', () => {
    const fixture = fixtureWith(undefined);
    const owner = new Wire(fixture);
    const welcome = owner.hello('a');
    owner.hangUp();
    for (let count = 0; count < 3; count += 1) {
      const stranger = new Wire(fixture);
      expect(stranger.hello('a')).toMatchObject({ kind: 'welcome', resumed: false });
      stranger.hangUp();
    }
    expect(new Wire(fixture).resume('a', welcome)).toMatchObject({ resumed: true });
  });

  it('replaces the absent session of a client that is vouched for', () => {
    const fixture = fixtureWith(TRUSTING);
    const owner = new Wire(fixture);
    const welcome = owner.hello('a');
    owner.hangUp();
    new Wire(fixture).hello('a');
    expect(new Wire(fixture).resume('a', welcome)).toMatchObject({
      resumed: false,
      reason: 'unknown-session',
    });
  });

  it('leaves a queued message to every session under the client id', () => {
    const fixture = fixtureWith(undefined);
    const owner = new Wire(fixture);
    owner.hello('a');
    const stranger = new Wire(fixture);
    stranger.hello('a');
    for (const wire of [owner, stranger]) wire.take();
    fixture.broadcaster.enqueue({ room: '*', type: 'job', payloadText: '{}' });
    fixture.pass(200);
    expect([owner.take(), stranger.take()]).toEqual([['1'], ['1']]);
  });
});

describe('rights', () => {
  const policy: Policy = {
    ...TRUSTING,
    canJoin: (_session, room) => room !== 'secret',
    canPublish: ({ identity }, room, type) =>
      identity.clientId === 'writer' && room === 'r' && type !== 'bad',
  };

  it('decide which rooms a client gets into, by hello and by join', () => {
    const fixture = fixtureWith(policy);
    const wire = new Wire(fixture);
    wire.hello('a', { rooms: ['r', 'secret'] });
    wire.say({ action: 'join', room: 'secret' });
    expect(fixture.broadcaster.roomInfo('secret').size).toBe(0);
    expect(fixture.broadcaster.roomInfo('r').size).toBe(1);
    expect(wire.frames().filter(({ type }) => type === 'error')).toHaveLength(2);
    expect(fixture.statistics.joinsRefused).toBe(2);
  });

  it('decide what a client may publish, and refuse the rest with a nack or a notice', () => {
    const fixture = fixtureWith(policy);
    const [writer, reader] = [new Wire(fixture), new Wire(fixture)];
    for (const [wire, id] of [
      [writer, 'writer'],
      [reader, 'reader'],
    ] as const) {
      wire.hello(id, { rooms: ['r'] });
      wire.take();
    }
    const publish = (type: string): object => ({ type: 'publish', payload: { room: 'r', type, payload: 1 } });
    reader.say({ seq: 1, ...publish('tick') });
    writer.say({ seq: 1, ...publish('bad') });
    reader.say({ action: 'message', room: 'r', content: 'hi' });
    expect(writer.link.texts).toEqual(['{"kind":"nack","seq":1,"reason":"it is not allowed"}']);
    expect(reader.link.texts[0]).toBe('{"kind":"nack","seq":1,"reason":"it is not allowed"}');
    expect(reader.link.texts[1]).toContain('Cannot send');
    expect(fixture.statistics).toMatchObject({ publishesRefused: 3, broadcasts: 0 });
    writer.say({ seq: 2, ...publish('tick') });
    expect(fixture.statistics.broadcasts).toBe(1);
  });

  it('that a client has lost meanwhile cost it its rooms when it comes back', () => {
    let revoked = false;
    const fixture = fixtureWith({ ...TRUSTING, canJoin: () => !revoked });
    const wire = new Wire(fixture);
    const welcome = wire.hello('a', { rooms: ['r'] });
    wire.hangUp();
    revoked = true;
    expect(new Wire(fixture).resume('a', welcome)).toMatchObject({ resumed: true });
    expect([fixture.broadcaster.roomInfo('r').size, fixture.broadcaster.roomInfo('*').size]).toEqual([0, 1]);
  });

  it('that a client has lost meanwhile keeps new messages from it, and not those that were queued before', () => {
    let revoked = false;
    const fixture = fixtureWith({ ...TRUSTING, canJoin: () => !revoked });
    const before = new Wire(fixture);
    const welcome = before.hello('a', { rooms: ['r'] });
    before.hangUp();
    fixture.broadcaster.publish(new OutgoingMessage({ room: 'r', type: 'queued', payloadText: '1' }));
    revoked = true;
    const wire = new Wire(fixture);
    wire.resume('a', welcome);
    fixture.broadcaster.publish(new OutgoingMessage({ room: 'r', type: 'later', payloadText: '1' }));
    const texts = wire.link.texts.join();
    expect([texts.includes('"queued"'), texts.includes('"later"')]).toEqual([true, false]);
  });
});

describe('limits on who is there', () => {
  it('refuse a connection too many with 1013, and take the next when one has gone', () => {
    const fixture = fixtureWith(undefined, { connectionsMax: 1 });
    const first = new Wire(fixture);
    first.hello('a');
    const second = new Wire(fixture);
    expect(second.link.closes).toEqual([[1013, 'too many connections']]);
    second.hangUp();
    first.hangUp();
    expect(new Wire(fixture).hello('b')).toMatchObject({ kind: 'welcome' });
    expect(fixture.statistics.connectionsRefused).toBe(1);
  });

  it('refuse a session too many, but never a resume', () => {
    const fixture = fixtureWith(undefined, { sessionsMax: 1 });
    const first = new Wire(fixture);
    const welcome = first.hello('a');
    first.hangUp();
    const second = new Wire(fixture);
    second.hello('b');
    expect(second.link.closes).toEqual([[1013, 'too many sessions']]);
    expect(new Wire(fixture).resume('a', welcome)).toMatchObject({ resumed: true });
  });

  it('slow down who sends more frames a second than it may, and lose none', () => {
    const fixture = fixtureWith(undefined, { framesPerSecMax: 10 });
    const wire = new Wire(fixture);
    wire.hello('a');
    wire.take();
    for (let count = 0; count < 40; count += 1) wire.say({ action: 'ping' });
    expect(wire.take().length).toBeLessThanOrEqual(20);
    expect(wire.link.paused).toBe(true);
    fixture.pass(1001);
    expect(wire.take().length).toBeLessThanOrEqual(10);
    fixture.pass(4000);
    expect(wire.link.paused).toBe(false);
    expect(fixture.statistics.notices).toBe(40);
  });

  it('let go of a slowed-down client that hangs up', () => {
    const fixture = fixtureWith(undefined, { framesPerSecMax: 2 });
    const wire = new Wire(fixture);
    wire.hello('a');
    for (let count = 0; count < 10; count += 1) wire.say({ action: 'ping' });
    wire.hangUp();
    fixture.pass(10_000);
    expect(fixture.broadcaster.load().connections).toBe(0);
  });
});
