import { describe, expect, it } from 'vitest';
import { CloseCode, FRAME_BYTES_MAX } from '../../src/protocol/frame.ts';
import { OutgoingMessage } from '../../src/protocol/message.ts';
import { DeliveryFixture } from './delivery-fixture.ts';
import { Wire } from './wire.ts';

function publish(fixture: DeliveryFixture, room = '*'): OutgoingMessage {
  const message = new OutgoingMessage({ room, type: 'tick', payloadText: '{}' });
  expect(fixture.broadcaster.publish(message)).toBeUndefined();
  return message;
}

describe('broadcast', () => {
  it('to a room that nobody is in is a result of zeros', () => {
    const { result } = publish(new DeliveryFixture(), 'nowhere');
    expect(result).toMatchObject({ total: 0, sent: 0, skipped: 0, dropped: 0, failed: 0 });
    expect(result.settled).toBe(true);
  });

  it('goes to everybody in the room and to nobody else', () => {
    const fixture = new DeliveryFixture();
    const [inside, outside] = [fixture.peer('a', 'r1'), fixture.peer('b', 'r2')];
    expect(publish(fixture, 'r1').result).toMatchObject({ total: 1, sent: 1 });
    expect([inside.take(), outside.take()]).toEqual([['1'], []]);
  });

  it('counts sent, skipped and dropped recipients, all of them once', () => {
    const fixture = new DeliveryFixture({ maxPending: 1, overflow: 'reject' });
    const [present, full, away] = [
      fixture.peer('a', 'r1'),
      fixture.peer('b', 'r1', 'r2'),
      fixture.peer('c', 'r1'),
    ];
    away.drop();
    publish(fixture, 'r2');
    const { result } = publish(fixture, 'r1');
    expect(result).toMatchObject({ total: 3, sent: 1, skipped: 1, dropped: 1, failed: 0 });
    expect(result.settled).toBe(true);
    expect([present.take(), full.take()]).toEqual([['1'], ['1', '2-2 overflow']]);
  });

  it('fails after the message timeout for whoever could not be written to, and does not count it again', () => {
    const fixture = new DeliveryFixture({ bufferBytesMax: 100, messageTimeoutMs: 500 });
    const peer = fixture.peer('a');
    peer.link.bufferedBytes = 101;
    const { result } = publish(fixture);
    fixture.pass(499);
    expect(result.settled).toBe(false);
    fixture.pass(1);
    expect(result).toMatchObject({ total: 1, sent: 0, failed: 1, closed: true });
    peer.drop();
    peer.resume();
    expect(result).toMatchObject({ total: 1, sent: 0, skipped: 0, failed: 1 });
    // It was still owed.
    expect(peer.take()).toEqual(['welcome', '1', 'replayed 1']);
    expect(fixture.statistics.failed).toBe(1);
  });

  it('goes out in batches with a pause in between', () => {
    const fixture = new DeliveryFixture({ batchSize: 2, batchDelayMs: 10 });
    const peers = ['a', 'b', 'c', 'd', 'e'].map((id) => fixture.peer(id));
    publish(fixture);
    const reached = (): number => peers.filter(({ link }) => link.texts.length > 0).length;
    expect(reached()).toBe(2);
    fixture.pass(10);
    expect(reached()).toBe(4);
    fixture.pass(10);
    expect(reached()).toBe(5);
  });

  it('keeps the order of messages for each client although batches overlap', () => {
    const fixture = new DeliveryFixture({ batchSize: 2, batchDelayMs: 10 });
    const peers = ['a', 'b', 'c', 'd', 'e'].map((id) => fixture.peer(id));
    for (let count = 0; count < 5; count += 1) {
      publish(fixture);
      fixture.pass(7);
    }
    fixture.pass(100);
    for (const peer of peers) expect(peer.take()).toEqual(['1', '2', '3', '4', '5']);
  });

  it('that a peer could not take back is refused: too long a type, too large a payload', () => {
    const fixture = new DeliveryFixture();
    fixture.peer('a');
    const long = new OutgoingMessage({ room: '*', type: 't'.repeat(201), payloadText: '{}' });
    const large = new OutgoingMessage({
      room: '*',
      type: 't',
      payloadText: `"${'x'.repeat(FRAME_BYTES_MAX)}"`,
    });
    expect(fixture.broadcaster.publish(long)).toBe('a room and a type have 1 to 200 characters');
    expect(fixture.broadcaster.publish(large)).toBe('the message is too large');
    expect([fixture.statistics.broadcasts, fixture.broadcaster.load().pendingTotal]).toEqual([0, 0]);
  });

  it('is upstream refused when it has grown too large by being written out', () => {
    const fixture = new DeliveryFixture();
    fixture.peer('victim');
    const wire = new Wire(fixture);
    wire.hello('a');
    wire.take();
    // Each 1e20 becomes 21 digits: a frame of 250 KB would be one of 1.1 MB for all others.
    const payload = `{"room":"*","type":"t","payload":[${Array(50_000).fill('1e20').join()}]}`;
    wire.raw(`{"seq":1,"type":"publish","payload":${payload}}`);
    fixture.pass();
    expect(wire.frames()).toEqual([{ kind: 'nack', seq: 1, reason: 'the message is too large' }]);
  });

  it('to an at-most-once session has no seq, and waits for nobody', () => {
    const fixture = new DeliveryFixture({ delivery: 'at-most-once' });
    const peer = fixture.peer('a');
    publish(fixture);
    expect(peer.take()).toEqual(['tick']);
    peer.drop();
    expect(fixture.broadcaster.load()).toMatchObject({ sessions: 0, pendingTotal: 0 });
  });
});

describe('an unhealthy client', () => {
  function unhealthy(): { fixture: DeliveryFixture; peer: ReturnType<DeliveryFixture['peer']> } {
    const fixture = new DeliveryFixture({ pingIntervalMs: 1000, pongTimeoutMs: 300, missedPongsMax: 5 });
    const peer = fixture.peer('a');
    peer.link.sendErrors.push('EPIPE', 'EPIPE', 'EPIPE');
    for (let count = 0; count < 3; count += 1) publish(fixture);
    fixture.pass(900);
    return { fixture, peer };
  }

  it('is one that misses pongs after several failures: it is skipped, and still owed', () => {
    const { fixture, peer } = unhealthy();
    const { result } = publish(fixture);
    expect(result).toMatchObject({ total: 1, skipped: 1, sent: 0 });
    expect(result.settled).toBe(true);
    expect(peer.take()).toEqual([]);
    expect(fixture.broadcaster.load()).toMatchObject({ healthy: 0, pendingTotal: 4 });
  });

  it('is served again with its next sign of life', () => {
    const { fixture, peer } = unhealthy();
    publish(fixture);
    const wire = new Wire(fixture);
    wire.hello('b');
    peer.say({ action: 'ping' });
    publish(fixture);
    expect(peer.take().slice(1)).toEqual(['1', '2', '3', '4', '5']);
  });
});

describe('requests of clients', () => {
  const request = { room: 'r1', type: 'tick', payload: { n: 1 } };

  it('are published once, acked, and acked again when they come again', () => {
    const fixture = new DeliveryFixture();
    const [sender, reader] = [new Wire(fixture), fixture.peer('b', 'r1')];
    sender.hello('a');
    sender.take();
    for (let copy = 0; copy < 3; copy += 1) sender.say({ seq: 1, type: 'publish', payload: request });
    expect(sender.take()).toEqual(['ack 1', 'ack 1', 'ack 1']);
    expect(reader.link.texts).toEqual(['{"seq":1,"type":"tick","payload":{"n":1}}']);
    expect(fixture.statistics).toMatchObject({ upstreamAccepted: 1, dedupRejected: 2 });
  });

  it('are not published again after a resume, but are in a new session', () => {
    const fixture = new DeliveryFixture();
    const first = new Wire(fixture);
    const welcome = first.hello('a');
    first.say({ seq: 1, type: 'publish', payload: request });
    first.hangUp();
    const second = new Wire(fixture);
    second.resume('a', welcome);
    second.say({ seq: 1, type: 'publish', payload: request });
    expect(fixture.statistics.broadcasts).toBe(1);
    const third = new Wire(fixture);
    third.hello('a');
    third.say({ seq: 1, type: 'publish', payload: request });
    expect(fixture.statistics.broadcasts).toBe(2);
  });

  it('that were refused stay refused when they come again, since the nack may have been lost', () => {
    const fixture = new DeliveryFixture();
    const sender = new Wire(fixture);
    sender.hello('a');
    sender.take();
    sender.say({ seq: 1, type: 'publish', payload: 7 });
    sender.say({ seq: 1, type: 'publish', payload: 7 });
    expect(sender.take()).toEqual(['nack 1', 'nack 1']);
  });

  it('may skip seqs, but not by more than can be remembered', () => {
    const fixture = new DeliveryFixture();
    const sender = new Wire(fixture);
    sender.hello('a');
    sender.take();
    for (const seq of [2, 4096, 4097, 1, 4097]) sender.say({ seq, type: 'publish', payload: request });
    expect(sender.take()).toEqual(['ack 2', 'ack 4096', 'nack 4097', 'ack 1', 'ack 4097']);
  });
});

describe('actions', () => {
  it('tell the room who comes, who goes and what is said there, but not the one who acts', () => {
    const fixture = new DeliveryFixture();
    const [actor, watcher, stranger] = [new Wire(fixture), new Wire(fixture), new Wire(fixture)];
    actor.hello('a');
    watcher.hello('b', { rooms: ['r1'] });
    stranger.hello('c');
    for (const wire of [actor, watcher, stranger]) wire.take();
    actor.say({ action: 'join', room: 'r1' });
    actor.say({ action: 'message', room: 'r1', content: { x: 1 } });
    actor.say({ action: 'leave', room: 'r1' });
    expect(actor.frames()).toEqual([
      { type: 'joined', room: 'r1', roomSize: 2 },
      { type: 'left', room: 'r1' },
    ]);
    expect(watcher.frames()).toEqual([
      { type: 'userJoined', room: 'r1', clientId: 'a' },
      { type: 'message', room: 'r1', clientId: 'a', content: { x: 1 } },
      { type: 'userLeft', room: 'r1', clientId: 'a' },
    ]);
    expect(stranger.frames()).toEqual([]);
  });

  it('repeated are answered again and announced once', () => {
    const fixture = new DeliveryFixture();
    const [actor, watcher] = [new Wire(fixture), new Wire(fixture)];
    actor.hello('a');
    watcher.hello('b', { rooms: ['r1'] });
    for (const wire of [actor, watcher]) wire.take();
    for (let twice = 0; twice < 2; twice += 1) actor.say({ action: 'join', room: 'r1' });
    for (let twice = 0; twice < 2; twice += 1) actor.say({ action: 'leave', room: 'r1' });
    expect(actor.take()).toEqual(['joined', 'joined', 'left', 'left']);
    expect(watcher.take()).toEqual(['userJoined', 'userLeft']);
  });

  it('change who gets the next broadcast', () => {
    const fixture = new DeliveryFixture();
    const wire = new Wire(fixture);
    wire.hello('a');
    wire.say({ action: 'join', room: 'r1' });
    wire.take();
    publish(fixture, 'r1');
    wire.say({ action: 'leave', room: 'r1' });
    publish(fixture, 'r1');
    expect(wire.take()).toEqual(['1', 'left']);
  });
});

describe('drain', () => {
  it('asks everybody to come back within the spread, closes with 4503 and refuses what is published', () => {
    const fixture = new DeliveryFixture();
    const [greeted, silent] = [new Wire(fixture), new Wire(fixture)];
    greeted.hello('a');
    greeted.take();
    fixture.broadcaster.drain(5000);
    expect(greeted.frames()).toEqual([{ kind: 'drain', spreadMs: 5000 }]);
    expect([greeted.link.closedWith, silent.link.closedWith]).toEqual([
      CloseCode.draining,
      CloseCode.draining,
    ]);
    fixture.submit('late');
    expect(fixture.outcomes).toEqual(['late draining']);
  });
});

describe('stop', () => {
  it('ends every session, counts what was pending as dropped, and leaves no timer', () => {
    const fixture = new DeliveryFixture({ batchSize: 1, batchDelayMs: 10, ackTimeoutMs: 100 });
    const [present, away] = [fixture.peer('a'), fixture.peer('b')];
    publish(fixture);
    away.drop();
    publish(fixture);
    fixture.broadcaster.stop('restart');
    expect(fixture.statistics).toMatchObject({ assigned: 4, acked: 0, dropped: 4, gaps: 0 });
    expect(fixture.broadcaster.load()).toMatchObject({ connections: 0, sessions: 0, pendingTotal: 0 });
    expect(fixture.time.plannedCount).toBe(0);
    present.ack(1);
    present.drop();
    expect(fixture.time.plannedCount).toBe(0);
  });
});

describe('statistics', () => {
  it('add up: what was assigned is acked, dropped or pending', () => {
    const fixture = new DeliveryFixture({ maxPending: 3, overflow: 'drop-oldest', resumeTtlMs: 1000 });
    const [a, b, c] = [fixture.peer('a'), fixture.peer('b'), fixture.peer('c')];
    for (let count = 0; count < 5; count += 1) publish(fixture);
    a.ack(3, 4);
    b.say({ kind: 'nack', seq: 5, retry: false });
    c.drop();
    publish(fixture);
    const balance = (): number => {
      const { assigned, acked, dropped } = fixture.statistics;
      return assigned - acked - dropped - fixture.broadcaster.load().pendingTotal;
    };
    expect(balance()).toBe(0);
    fixture.pass(1000);
    expect(balance()).toBe(0);
    expect(fixture.statistics).toMatchObject({ broadcasts: 6, total: 18, assigned: 18, deadLetters: 1 });
    expect(fixture.statistics).toMatchObject({ expiredSessions: 1, acked: 2 });
  });
});
