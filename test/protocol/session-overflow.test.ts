import { describe, expect, it } from 'vitest';
import { OutgoingMessage } from '../../src/protocol/message.ts';
import { SessionFixture } from './session-fixture.ts';

describe('session: overflow', () => {
  it('rejects the newest with one gap for all of them', () => {
    const fixture = new SessionFixture({ maxPending: 2, overflow: 'reject' });
    fixture.send(5);
    fixture.runFor(0);
    fixture.send(1);
    expect(fixture.runFor(0)).toEqual(['3-6 overflow']);
    expect(fixture.drops.map(([seq]) => seq)).toEqual([3, 4, 5, 6]);
    expect(fixture.messages.map(({ result }) => result.dropped)).toEqual([0, 0, 1, 1, 1, 1]);
    expect(fixture.counts).toEqual({ assigned: 6, sent: 2, acked: 0, dropped: 4 });
  });

  it('drops the oldest with one gap for all of them', () => {
    const fixture = new SessionFixture({ maxPending: 2, overflow: 'drop-oldest' });
    fixture.send(6);
    expect(fixture.session.outbox.gaps).toBe(1);
    fixture.link.take();
    fixture.resume(0);
    expect(fixture.link.take()).toEqual(['1-4 overflow', '5#2', '6#2', 'replayed 6']);
  });

  it('keeps the outbox of an absent client bounded however much is dropped', () => {
    const fixture = new SessionFixture({ maxPending: 10, overflow: 'drop-oldest' });
    fixture.session.detach();
    fixture.send(10_000);
    const { outbox } = fixture.session;
    expect([outbox.pending, outbox.gaps, outbox.tail - outbox.head]).toEqual([10, 1, 11]);
    fixture.resume(0);
    expect(fixture.link.take()).toEqual([
      '1-9990 overflow',
      ...Array.from({ length: 10 }, (_, index) => `${9991 + index}`),
      'replayed 10000',
    ]);
  });

  it('counts an unsent message that is dropped for a newer one as dropped, and once', () => {
    const fixture = new SessionFixture({ maxPending: 1, overflow: 'drop-oldest' });
    fixture.link.bufferedBytes = 10_001;
    fixture.send(2);
    expect(fixture.messages.map(({ result }) => [result.total, result.dropped, result.sent])).toEqual([
      [1, 1, 0],
      [1, 0, 0],
    ]);
    fixture.session.detach();
    expect(fixture.messages.map(({ result }) => [result.skipped, result.settled])).toEqual([
      [0, true],
      [1, true],
    ]);
  });

  it('asks for a disconnect and gives the message no seq', () => {
    const fixture = new SessionFixture({ maxPending: 2, overflow: 'disconnect' });
    fixture.send(3);
    expect(fixture.session.outbox.nextSeq).toBe(3);
    expect(fixture.messages[2]?.result).toMatchObject({ total: 1, dropped: 1 });
    expect(fixture.counts).toEqual({ assigned: 3, sent: 2, acked: 0, dropped: 1 });
  });

  it('asks for a disconnect of a client that takes neither messages nor gaps', () => {
    const fixture = new SessionFixture({ maxPending: 2 });
    for (let round = 0; round < 1100; round += 1) {
      const seq = fixture.session.outbox.nextSeq;
      fixture.send(2);
      if (fixture.session.outbox.nextSeq === seq) break;
      fixture.session.onNack(seq, false);
      fixture.session.onAck(seq + 1, false);
    }
    expect(fixture.session.outbox.gaps).toBe(1000);
    expect(fixture.messages.at(-1)?.result).toMatchObject({ total: 1, dropped: 1 });
  });

  it('drops what waits for a full socket in an at-most-once session, and counts it', () => {
    const fixture = new SessionFixture({ delivery: 'at-most-once' });
    fixture.send(1);
    fixture.link.bufferedBytes = 10_001;
    fixture.send(2);
    expect(fixture.messages.map(({ result }) => [result.sent, result.dropped])).toEqual([
      [1, 0],
      [0, 1],
      [0, 1],
    ]);
    expect(fixture.counts).toEqual({ assigned: 3, sent: 1, acked: 0, dropped: 2 });
  });

  it('is a drop that is assigned and counted in an at-most-once session as well', () => {
    const fixture = new SessionFixture({ delivery: 'at-most-once', maxPending: 2, retryAttempts: 1 });
    fixture.link.sendErrors.push('EAGAIN');
    fixture.send(2);
    fixture.link.sendErrors.push('EPIPE');
    fixture.send(1);
    const { assigned, sent, dropped } = fixture.counts;
    expect([assigned, sent + dropped + fixture.session.outbox.pending]).toEqual([3, 3]);
  });
});

describe('session: results of broadcasts', () => {
  it('count an absent client as skipped, and not again when it comes back', () => {
    const fixture = new SessionFixture();
    fixture.session.detach();
    fixture.send(2);
    fixture.resume(0);
    expect(fixture.messages.map(({ result }) => [result.skipped, result.sent])).toEqual([
      [1, 0],
      [1, 0],
    ]);
  });

  it('count what a lost socket leaves unsent as skipped', () => {
    const fixture = new SessionFixture();
    fixture.send(1);
    fixture.link.bufferedBytes = 10_001;
    fixture.send(1);
    fixture.session.detach();
    fixture.resume(0);
    expect(fixture.messages.map(({ result }) => [result.skipped, result.sent])).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  it('are not touched any more once they are closed', () => {
    const fixture = new SessionFixture({ maxPending: 2, overflow: 'drop-oldest' });
    fixture.link.bufferedBytes = 10_001;
    fixture.send(2);
    for (const { result } of fixture.messages) {
      result.failed = 1;
      result.closed = true;
    }
    fixture.send(1);
    fixture.session.detach();
    fixture.resume(0);
    expect(
      fixture.messages.map(({ result: { total, sent, skipped, dropped, failed } }) => [
        total,
        sent + skipped + dropped + failed,
      ]),
    ).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
  });
});

describe('session: replay', () => {
  it('goes in seq order, gaps among messages, and ends before anything new', () => {
    const fixture = new SessionFixture();
    fixture.send(4);
    fixture.session.onAck(1, false);
    fixture.session.onNack(3, false);
    fixture.session.detach();
    fixture.send(1);
    fixture.resume(1);
    fixture.send(1);
    expect(fixture.link.take()).toEqual(['2#2', '3-3 nack', '4#2', '5', 'replayed 5', '6']);
  });

  it('of nothing is only its end', () => {
    const fixture = new SessionFixture();
    fixture.resume(0);
    expect(fixture.link.take()).toEqual(['replayed 0']);
  });

  it('waits for room in the socket and ends all the same before anything new', () => {
    const fixture = new SessionFixture();
    fixture.send(2);
    fixture.session.detach();
    fixture.link.bufferedBytes = 0;
    fixture.session.ackThrough(0);
    fixture.link.bufferedBytes = 10_001;
    fixture.link.take();
    fixture.session.attach(fixture.link, true);
    fixture.session.pump();
    fixture.send(1);
    expect(fixture.link.take()).toEqual([]);
    fixture.link.bufferedBytes = 0;
    fixture.session.pump();
    expect(fixture.link.take()).toEqual(['1#2', '2#2', 'replayed 2', '3']);
  });

  it('has covered a gap that grew while it was going on before it ends', () => {
    const fixture = new SessionFixture({ maxPending: 2 });
    fixture.send(3);
    fixture.session.detach();
    fixture.link.take();
    fixture.link.bufferedBytes = 10_001;
    fixture.session.attach(fixture.link, true);
    fixture.session.pump();
    fixture.send(2);
    fixture.link.bufferedBytes = 0;
    fixture.session.pump();
    expect(fixture.link.take()).toEqual(['1#2', '2#2', '3-5 overflow', 'replayed 3']);
  });
});

describe('an outbox that is full by bytes', () => {
  const ONE = new OutgoingMessage({ room: '*', type: 'tick', payloadText: '1' }).sizeBytes;

  it('gives up the new message with a gap, as at its limit of messages', () => {
    const fixture = new SessionFixture({ outboxBytesMax: 2 * ONE, overflow: 'reject' });
    fixture.send(4);
    expect(fixture.drops).toEqual([
      [3, 'overflow'],
      [4, 'overflow'],
    ]);
    expect(fixture.runFor(0).at(-1)).toBe('3-4 overflow');
  });

  it('gives up as many of the oldest as one large message needs', () => {
    const fixture = new SessionFixture({ outboxBytesMax: 4 * ONE, overflow: 'drop-oldest' });
    fixture.send(3);
    const large = new OutgoingMessage({ room: '*', type: 'tick', payloadText: `"${'x'.repeat(ONE * 2)}"` });
    fixture.session.offer(large);
    expect(fixture.drops).toEqual([]);
    fixture.send(1);
    expect(fixture.drops).toEqual([
      [1, 'overflow'],
      [2, 'overflow'],
      [3, 'overflow'],
    ]);
    expect(fixture.session.outbox.pending).toBe(2);
  });

  it('ends the session where the policy says so', () => {
    const fixture = new SessionFixture({ outboxBytesMax: ONE, overflow: 'disconnect' });
    fixture.send(1);
    expect(fixture.session.offer(fixture.messages[0] as OutgoingMessage)).toBe('disconnect');
  });

  it('gives up even with drop-oldest what others have left no room for', () => {
    const fixture = new SessionFixture({ outboxBytesTotalMax: 2 * ONE, overflow: 'drop-oldest' });
    const [own, ...others] = [1, 2, 3].map(
      () => new OutgoingMessage({ room: '*', type: 'tick', payloadText: '1' }),
    );
    for (const message of others) fixture.heldBytes.hold(message);
    fixture.session.offer(own as OutgoingMessage);
    expect(fixture.drops).toEqual([[1, 'overflow']]);
    for (const message of others) fixture.heldBytes.release(message);
    fixture.send(1);
    expect(fixture.drops).toHaveLength(1);
  });
});
