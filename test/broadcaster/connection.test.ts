import { describe, expect, it } from 'vitest';
import { CloseCode } from '../../src/protocol/frame.ts';
import { LinkState } from '../../src/protocol/ports.ts';
import { DeliveryFixture } from './delivery-fixture.ts';
import { Wire } from './wire.ts';

describe('connection: hello', () => {
  it('that does not come in time closes with 4408', () => {
    const fixture = new DeliveryFixture({ helloTimeoutMs: 500 });
    const wire = new Wire(fixture);
    fixture.pass(499);
    expect(wire.link.closedWith).toBeUndefined();
    fixture.pass(1);
    expect(wire.link.closedWith).toBe(CloseCode.noHello);
  });

  it('in time is answered with a welcome to a fresh session', () => {
    const fixture = new DeliveryFixture({ helloTimeoutMs: 500 });
    const wire = new Wire(fixture);
    expect(wire.hello('a')).toEqual({
      kind: 'welcome',
      session: expect.any(String),
      token: expect.any(String),
      generation: 1,
      epoch: fixture.broadcaster.epoch,
      resumed: false,
      nextSeq: 1,
      delivery: 'at-least-once',
      ttlMs: 30_000,
      batch: false,
    });
    fixture.pass(1000);
    expect(wire.link.closedWith).toBeUndefined();
  });

  it('agrees on batches only when the client says so', () => {
    const fixture = new DeliveryFixture();
    const [plain, batch] = [new Wire(fixture), new Wire(fixture)];
    expect([plain.hello('a').batch, batch.hello('b', { batch: true }).batch]).toEqual([false, true]);
    expect([plain.link.batch, batch.link.batch]).toEqual([false, true]);
  });

  it('comes once: a second is an error and changes nothing', () => {
    const fixture = new DeliveryFixture();
    const wire = new Wire(fixture);
    wire.hello('a');
    wire.take();
    wire.say({ kind: 'hello', clientId: 'b' });
    expect(wire.frames()).toEqual([{ type: 'error', message: 'hello comes once' }]);
    expect(fixture.broadcaster.load().sessions).toBe(1);
  });

  it('comes first: what comes before it is an error and goes nowhere', () => {
    const fixture = new DeliveryFixture();
    const wire = new Wire(fixture);
    wire.ack(1);
    wire.say({ seq: 1, type: 'publish', payload: { room: '*', type: 'tick' } });
    wire.say({ action: 'join', room: 'r1' });
    expect(wire.frames()).toEqual(Array(3).fill({ type: 'error', message: 'hello comes first' }));
    expect([fixture.statistics.broadcasts, fixture.broadcaster.rooms.size]).toEqual([0, 0]);
  });

  it('to a server that drains is refused with 4503', () => {
    const fixture = new DeliveryFixture();
    fixture.broadcaster.drain(1000);
    const wire = new Wire(fixture);
    wire.hello('a');
    expect(wire.link.closedWith).toBe(CloseCode.draining);
    expect(fixture.broadcaster.load().sessions).toBe(0);
  });

  it('to a server that has stopped leaves no timer behind', () => {
    const fixture = new DeliveryFixture();
    const wire = new Wire(fixture);
    fixture.broadcaster.stop('restart');
    wire.hello('a');
    expect(fixture.time.plannedCount).toBe(0);
  });
});

describe('connection: malformed frames', () => {
  it('are answered with an error notice', () => {
    const wire = new Wire(new DeliveryFixture());
    wire.hello('a');
    wire.take();
    wire.raw('{nonsense');
    wire.say({ action: 'dance' });
    expect(wire.frames()).toEqual([
      { type: 'error', message: 'Invalid JSON' },
      { type: 'error', message: 'Unknown action: dance' },
    ]);
  });

  it('may be ten, and the eleventh closes with 4400', () => {
    const fixture = new DeliveryFixture();
    const wire = new Wire(fixture);
    wire.hello('a');
    for (let bad = 0; bad < 10; bad += 1) wire.raw('x');
    expect(wire.link.closedWith).toBeUndefined();
    wire.raw('x');
    expect(wire.link.closedWith).toBe(CloseCode.protocolError);
    expect(fixture.statistics.malformed).toBe(11);
  });

  it('count in a batch as well, and nothing behind the last straw is listened to', () => {
    const fixture = new DeliveryFixture();
    const wire = new Wire(fixture);
    wire.hello('a');
    wire.take();
    wire.raw(`[${Array(11).fill('{}').join()},{"action":"join","room":"r1"}]`);
    expect(wire.link.closedWith).toBe(CloseCode.protocolError);
    expect(fixture.broadcaster.rooms.members('r1').size).toBe(0);
  });

  it('do not cost the session: it can be resumed', () => {
    const fixture = new DeliveryFixture();
    const wire = new Wire(fixture);
    const welcome = wire.hello('a');
    for (let bad = 0; bad < 11; bad += 1) wire.raw('x');
    wire.hangUp(CloseCode.protocolError);
    expect(new Wire(fixture).resume('a', welcome).resumed).toBe(true);
  });
});

describe('connection: limits', () => {
  const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

  it.each([
    ['content of a room message', `{"action":"message","room":"r","content":${nested(4150)}}`],
    ['payload of a publish', `{"seq":1,"type":"publish","payload":{"type":"t","payload":${nested(4150)}}}`],
    ['payload of a message', `{"seq":1,"type":"note","payload":${nested(500_000)}}`],
    ['field that nobody asked for', `{"action":"ping","more":${nested(4150).replaceAll('[]', '[{}]')}}`],
  ])('make a text that nests too deep malformed: %s', (_, text) => {
    const fixture = new DeliveryFixture();
    const [wire, other] = [new Wire(fixture), new Wire(fixture)];
    wire.hello('a', { rooms: ['r'] });
    other.hello('b', { rooms: ['r'] });
    for (const one of [wire, other]) one.take();
    wire.raw(text);
    fixture.pass();
    expect(wire.frames()).toEqual([{ type: 'error', message: 'arrays and objects nest deeper than 128' }]);
    expect(other.frames()).toEqual([]);
  });

  it('make a text of too many values malformed, and one of less is taken', () => {
    const fixture = new DeliveryFixture();
    const wire = new Wire(fixture);
    wire.hello('a');
    wire.take();
    const note = (values: number): string =>
      `{"seq":1,"type":"publish","payload":{"type":"t","payload":[${Array(values).fill('"a,b"').join()}]}}`;
    wire.raw(note(100_000));
    fixture.pass();
    expect(wire.frames()).toEqual([{ type: 'error', message: 'a text has at most 100000 values' }]);
    wire.raw(note(99_000));
    fixture.pass();
    expect(wire.take()).toEqual(['1', 'ack 1']);
  });

  it('let through the deepest payload that a client may send, as it was', () => {
    const fixture = new DeliveryFixture();
    const wire = new Wire(fixture);
    wire.hello('a', { batch: true });
    wire.take();
    const payload = JSON.parse(nested(125)) as unknown;
    wire.raw(JSON.stringify([{ seq: 1, type: 'publish', payload: { type: 't', payload } }]));
    expect(wire.frames()).toEqual([
      { seq: 1, type: 't', payload },
      { kind: 'ack', seq: 1 },
    ]);
  });

  it.each([
    ['empty', ''],
    ['of a megabyte', 'x'.repeat(1_000_000)],
  ])('refuse a room whose name is %s, wherever it comes in', (_, room) => {
    const fixture = new DeliveryFixture();
    const wire = new Wire(fixture);
    wire.hello('a');
    wire.take();
    for (const action of ['join', 'leave', 'message']) wire.say({ action, room });
    wire.say({ seq: 1, type: 'publish', payload: { room, type: 't' } });
    wire.say({ seq: 2, type: 'publish', payload: { room: 'r', type: room } });
    wire.say({ seq: 3, type: room });
    fixture.pass();
    expect(wire.take()).toEqual(['error', 'error', 'error', 'nack 1', 'nack 2', 'error']);
    expect([fixture.broadcaster.rooms.size, fixture.statistics.broadcasts]).toEqual([1, 0]);
    const rest = new Wire(fixture);
    rest.hello('b', { rooms: [room] });
    fixture.pass();
    expect(rest.take()).toEqual(['error']);
  });

  it('of rooms are told to who joins one too many', () => {
    const fixture = new DeliveryFixture();
    const wire = new Wire(fixture);
    wire.hello('a', { rooms: Array.from({ length: 1000 }, (_, room) => `r${room}`) });
    fixture.pass();
    wire.take();
    wire.say({ action: 'join', room: 'one more' });
    expect(wire.frames()).toEqual([
      { type: 'error', message: expect.stringMatching(/^Cannot join: .* 1000 rooms/), room: 'one more' },
    ]);
    expect(fixture.broadcaster.roomInfo('one more').size).toBe(0);
  });

  it('of rooms hold over resumes as well', () => {
    const fixture = new DeliveryFixture();
    const list = (from: number): string[] => Array.from({ length: 600 }, (_, room) => `r${from + room}`);
    const first = new Wire(fixture);
    const welcome = first.hello('a', { rooms: list(0) });
    first.hangUp();
    const second = new Wire(fixture);
    second.resume('a', welcome, { rooms: list(600) });
    expect(second.frames()).toMatchObject([
      { kind: 'welcome', resumed: true },
      { type: 'error', message: expect.stringMatching(/^Cannot join 200 of the rooms: /) },
      { kind: 'replayed' },
    ]);
    expect(fixture.broadcaster.rooms.size).toBe(1001);
  });
});

describe('connection: violations', () => {
  it.each([
    ['an ack for what was never sent', { kind: 'ack', seq: 7 }],
    ['a cumulative ack for what was never sent', { kind: 'ack', seq: 7, cumulative: true }],
    ['the ack of a gap that was never sent', { kind: 'ack', seq: 7, from: 1 }],
    ['a nack for what was never sent', { kind: 'nack', seq: 7 }],
  ])('close with 4400 and keep what is pending: %s', (_, frame) => {
    const fixture = new DeliveryFixture();
    const wire = new Wire(fixture);
    wire.hello('a');
    fixture.submit('tick');
    wire.say(frame);
    expect(wire.link.closedWith).toBe(CloseCode.protocolError);
    expect([fixture.statistics.protocolErrors, fixture.broadcaster.load().pendingTotal]).toEqual([1, 1]);
  });

  it('include a resume that declares more than was sent', () => {
    const fixture = new DeliveryFixture();
    const first = new Wire(fixture);
    const welcome = first.hello('a');
    fixture.submit('tick');
    first.hangUp();
    const second = new Wire(fixture);
    second.resume('a', welcome, { lastSeq: 2 });
    expect(second.link.closedWith).toBe(CloseCode.protocolError);
    second.hangUp();
    // The session is there for whoever asks properly.
    expect(new Wire(fixture).resume('a', welcome).resumed).toBe(true);
    expect(fixture.broadcaster.load().pendingTotal).toBe(1);
  });
});

describe('connection: close', () => {
  it('with a goodbye ends the session', () => {
    const fixture = new DeliveryFixture();
    const wire = new Wire(fixture);
    const welcome = wire.hello('a', { rooms: ['r1'] });
    wire.hangUp(CloseCode.goodbye);
    expect([fixture.broadcaster.load().sessions, fixture.broadcaster.rooms.size]).toEqual([0, 0]);
    expect(new Wire(fixture).resume('a', welcome)).toMatchObject({
      resumed: false,
      reason: 'unknown-session',
    });
  });

  it('with anything else leaves it resumable', () => {
    for (const code of [1001, 1006, CloseCode.tooLarge, CloseCode.draining]) {
      const fixture = new DeliveryFixture();
      const wire = new Wire(fixture);
      const welcome = wire.hello('a');
      wire.hangUp(code);
      expect(new Wire(fixture).resume('a', welcome).resumed).toBe(true);
    }
  });

  it('before a hello leaves nothing', () => {
    const fixture = new DeliveryFixture();
    new Wire(fixture).hangUp();
    expect(fixture.broadcaster.load()).toMatchObject({ connections: 0, sessions: 0 });
    expect(fixture.time.plannedCount).toBe(0);
  });

  it('deafens: what still arrives while the socket closes counts for nothing', () => {
    const fixture = new DeliveryFixture();
    const wire = new Wire(fixture);
    wire.hello('a');
    fixture.submit('tick');
    wire.link.state = LinkState.closing;
    wire.ack(1);
    expect(fixture.broadcaster.load().pendingTotal).toBe(1);
  });
});

describe('connection: heartbeat', () => {
  it('terminates a peer that answers nothing, and its session can be resumed', () => {
    const fixture = new DeliveryFixture({ pingIntervalMs: 1000, pongTimeoutMs: 300 });
    const wire = new Wire(fixture);
    const welcome = wire.hello('a');
    fixture.pass(2300);
    expect([wire.link.terminated, fixture.statistics.detectedStale]).toEqual([true, 1]);
    wire.hangUp();
    expect(new Wire(fixture).resume('a', welcome).resumed).toBe(true);
  });

  it('takes any frame for life, even a malformed one', () => {
    const fixture = new DeliveryFixture({ pingIntervalMs: 1000, pongTimeoutMs: 300 });
    const wire = new Wire(fixture);
    wire.hello('a');
    for (let beat = 0; beat < 9; beat += 1) {
      fixture.pass(1000);
      wire.raw('x');
    }
    expect(wire.link.terminated).toBe(false);
    expect(fixture.broadcaster.load().healthy).toBe(1);
  });
});
