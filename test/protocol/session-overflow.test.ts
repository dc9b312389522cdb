import { describe, expect, it } from 'vitest';
import { OutgoingMessage } from '../../src/protocol/message.ts';
import { SessionBench } from './session-bench.ts';

describe('session: overflow', () => {
  it('rejects the newest with one gap for all of them', () => {
    const bench = new SessionBench({ maxPending: 2, overflow: 'reject' });
    bench.send(5);
    bench.runFor(0);
    bench.send(1);
    expect(bench.runFor(0)).toEqual(['3-6 overflow']);
    expect(bench.drops.map(([seq]) => seq)).toEqual([3, 4, 5, 6]);
    expect(bench.messages.map(({ result }) => result.dropped)).toEqual([0, 0, 1, 1, 1, 1]);
    expect(bench.counts).toEqual({ assigned: 6, sent: 2, acked: 0, dropped: 4 });
  });

  it('drops the oldest with one gap for all of them', () => {
    const bench = new SessionBench({ maxPending: 2, overflow: 'drop-oldest' });
    bench.send(6);
    expect(bench.session.outbox.gaps).toBe(1);
    bench.link.take();
    bench.resume(0);
    expect(bench.link.take()).toEqual(['1-4 overflow', '5#2', '6#2', 'replayed 6']);
  });

  it('keeps the outbox of an absent client bounded however much is dropped', () => {
    const bench = new SessionBench({ maxPending: 10, overflow: 'drop-oldest' });
    bench.session.detach();
    bench.send(10_000);
    const { outbox } = bench.session;
    expect([outbox.pending, outbox.gaps, outbox.tail - outbox.head]).toEqual([10, 1, 11]);
    bench.resume(0);
    expect(bench.link.take()).toEqual([
      '1-9990 overflow',
      ...Array.from({ length: 10 }, (_, index) => `${9991 + index}`),
      'replayed 10000',
    ]);
  });

  it('counts an unsent message that is dropped for a newer one as dropped, and once', () => {
    const bench = new SessionBench({ maxPending: 1, overflow: 'drop-oldest' });
    bench.link.bufferedBytes = 10_001;
    bench.send(2);
    expect(bench.messages.map(({ result }) => [result.total, result.dropped, result.sent])).toEqual([
      [1, 1, 0],
      [1, 0, 0],
    ]);
    bench.session.detach();
    expect(bench.messages.map(({ result }) => [result.skipped, result.settled])).toEqual([
      [0, true],
      [1, true],
    ]);
  });

  it('asks for a disconnect and gives the message no seq', () => {
    const bench = new SessionBench({ maxPending: 2, overflow: 'disconnect' });
    bench.send(3);
    expect(bench.session.outbox.nextSeq).toBe(3);
    expect(bench.messages[2]?.result).toMatchObject({ total: 1, dropped: 1 });
    expect(bench.counts).toEqual({ assigned: 3, sent: 2, acked: 0, dropped: 1 });
  });

  it('asks for a disconnect of a client that takes neither messages nor gaps', () => {
    const bench = new SessionBench({ maxPending: 2 });
    for (let round = 0; round < 1100; round += 1) {
      const seq = bench.session.outbox.nextSeq;
      bench.send(2);
      if (bench.session.outbox.nextSeq === seq) break;
      bench.session.onNack(seq, false);
      bench.session.onAck(seq + 1, false);
    }
    expect(bench.session.outbox.gaps).toBe(1000);
    expect(bench.messages.at(-1)?.result).toMatchObject({ total: 1, dropped: 1 });
  });

  it('drops what waits for a full socket in an at-most-once session, and counts it', () => {
    const bench = new SessionBench({ delivery: 'at-most-once' });
    bench.send(1);
    bench.link.bufferedBytes = 10_001;
    bench.send(2);
    expect(bench.messages.map(({ result }) => [result.sent, result.dropped])).toEqual([
      [1, 0],
      [0, 1],
      [0, 1],
    ]);
    expect(bench.counts).toEqual({ assigned: 3, sent: 1, acked: 0, dropped: 2 });
  });

  it('is a drop that is assigned and counted in an at-most-once session as well', () => {
    const bench = new SessionBench({ delivery: 'at-most-once', maxPending: 2, retryAttempts: 1 });
    bench.link.sendErrors.push('EAGAIN');
    bench.send(2);
    bench.link.sendErrors.push('EPIPE');
    bench.send(1);
    const { assigned, sent, dropped } = bench.counts;
    expect([assigned, sent + dropped + bench.session.outbox.pending]).toEqual([3, 3]);
  });
});

describe('session: results of broadcasts', () => {
  it('count an absent client as skipped, and not again when it comes back', () => {
    const bench = new SessionBench();
    bench.session.detach();
    bench.send(2);
    bench.resume(0);
    expect(bench.messages.map(({ result }) => [result.skipped, result.sent])).toEqual([
      [1, 0],
      [1, 0],
    ]);
  });

  it('count what a lost socket leaves unsent as skipped', () => {
    const bench = new SessionBench();
    bench.send(1);
    bench.link.bufferedBytes = 10_001;
    bench.send(1);
    bench.session.detach();
    bench.resume(0);
    expect(bench.messages.map(({ result }) => [result.skipped, result.sent])).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  it('are not touched any more once they are closed', () => {
    const bench = new SessionBench({ maxPending: 2, overflow: 'drop-oldest' });
    bench.link.bufferedBytes = 10_001;
    bench.send(2);
    for (const { result } of bench.messages) {
      result.failed = 1;
      result.closed = true;
    }
    bench.send(1);
    bench.session.detach();
    bench.resume(0);
    expect(
      bench.messages.map(({ result: { total, sent, skipped, dropped, failed } }) => [
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
    const bench = new SessionBench();
    bench.send(4);
    bench.session.onAck(1, false);
    bench.session.onNack(3, false);
    bench.session.detach();
    bench.send(1);
    bench.resume(1);
    bench.send(1);
    expect(bench.link.take()).toEqual(['2#2', '3-3 nack', '4#2', '5', 'replayed 5', '6']);
  });

  it('of nothing is only its end', () => {
    const bench = new SessionBench();
    bench.resume(0);
    expect(bench.link.take()).toEqual(['replayed 0']);
  });

  it('waits for room in the socket and ends all the same before anything new', () => {
    const bench = new SessionBench();
    bench.send(2);
    bench.session.detach();
    bench.link.bufferedBytes = 0;
    bench.session.ackThrough(0);
    bench.link.bufferedBytes = 10_001;
    bench.link.take();
    bench.session.attach(bench.link, true);
    bench.session.pump();
    bench.send(1);
    expect(bench.link.take()).toEqual([]);
    bench.link.bufferedBytes = 0;
    bench.session.pump();
    expect(bench.link.take()).toEqual(['1#2', '2#2', 'replayed 2', '3']);
  });

  it('has covered a gap that grew while it was going on before it ends', () => {
    const bench = new SessionBench({ maxPending: 2 });
    bench.send(3);
    bench.session.detach();
    bench.link.take();
    bench.link.bufferedBytes = 10_001;
    bench.session.attach(bench.link, true);
    bench.session.pump();
    bench.send(2);
    bench.link.bufferedBytes = 0;
    bench.session.pump();
    expect(bench.link.take()).toEqual(['1#2', '2#2', '3-5 overflow', 'replayed 3']);
  });
});

describe('an outbox that is full by bytes', () => {
  const ONE = new OutgoingMessage({ room: '*', type: 'tick', payloadText: '1' }).sizeBytes;

  it('gives up the new message with a gap, as at its limit of messages', () => {
    const bench = new SessionBench({ outboxBytesMax: 2 * ONE, overflow: 'reject' });
    bench.send(4);
    expect(bench.drops).toEqual([
      [3, 'overflow'],
      [4, 'overflow'],
    ]);
    expect(bench.runFor(0).at(-1)).toBe('3-4 overflow');
  });

  it('gives up as many of the oldest as one large message needs', () => {
    const bench = new SessionBench({ outboxBytesMax: 4 * ONE, overflow: 'drop-oldest' });
    bench.send(3);
    const large = new OutgoingMessage({ room: '*', type: 'tick', payloadText: `"${'x'.repeat(ONE * 2)}"` });
    bench.session.offer(large);
    expect(bench.drops).toEqual([]);
    bench.send(1);
    expect(bench.drops).toEqual([
      [1, 'overflow'],
      [2, 'overflow'],
      [3, 'overflow'],
    ]);
    expect(bench.session.outbox.pending).toBe(2);
  });

  it('ends the session where the policy says so', () => {
    const bench = new SessionBench({ outboxBytesMax: ONE, overflow: 'disconnect' });
    bench.send(1);
    expect(bench.session.offer(bench.messages[0] as OutgoingMessage)).toBe('disconnect');
  });

  it('gives up even with drop-oldest what others have left no room for', () => {
    const bench = new SessionBench({ outboxBytesTotalMax: 2 * ONE, overflow: 'drop-oldest' });
    const [own, ...others] = [1, 2, 3].map(
      () => new OutgoingMessage({ room: '*', type: 'tick', payloadText: '1' }),
    );
    for (const message of others) bench.heldBytes.hold(message);
    bench.session.offer(own as OutgoingMessage);
    expect(bench.drops).toEqual([[1, 'overflow']]);
    for (const message of others) bench.heldBytes.release(message);
    bench.send(1);
    expect(bench.drops).toHaveLength(1);
  });
});
