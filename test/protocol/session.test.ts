import { describe, expect, it } from 'vitest';
import { PeerViolation } from '../../src/protocol/peer-violation.ts';
import { LinkState } from '../../src/protocol/ports.ts';
import { FakeLink } from './fake-link.ts';
import { SessionBench } from './session-bench.ts';

describe('session: sending', () => {
  it('numbers messages from 1 and sends each once while all is well', () => {
    const bench = new SessionBench();
    bench.send(3);
    expect(bench.link.take()).toEqual(['1', '2', '3']);
    bench.session.onAck(1, false);
    bench.session.onAck(2, false);
    bench.session.onAck(3, false);
    expect(bench.runFor(60_000)).toEqual([]);
    expect(bench.session.outbox.isEmpty).toBe(true);
  });

  it('writes nothing to a socket whose buffer is over the limit, and goes on when it is writable', () => {
    const bench = new SessionBench();
    bench.link.bufferedBytes = 10_001;
    bench.send(2);
    expect(bench.link.take()).toEqual([]);
    bench.link.bufferedBytes = 0;
    bench.session.pump();
    expect(bench.link.take()).toEqual(['1', '2']);
  });

  it('goes on with an ack when the socket took everything without having been full', () => {
    const bench = new SessionBench();
    bench.send(1);
    bench.link.bufferedBytes = 10_001;
    bench.send(1);
    bench.link.bufferedBytes = 0;
    bench.session.onAck(1, false);
    expect(bench.link.take()).toEqual(['1', '2']);
  });

  it('tells the round trip of what was sent once, and of nothing else', () => {
    const bench = new SessionBench();
    bench.send(2);
    bench.time.runFor(30);
    bench.session.onAck(1, false);
    bench.time.runFor(1000);
    bench.session.onAck(2, false);
    expect(bench.roundTripsUs).toEqual([30_000, -1]);
  });

  it('tells no round trip of what a resume declares, since the absence lies in between', () => {
    const bench = new SessionBench();
    bench.send(2);
    bench.session.detach();
    bench.time.runFor(20_000);
    bench.resume(2);
    expect(bench.roundTripsUs).toEqual([-1, -1]);
  });
});

describe('session: acks', () => {
  it('frees everything below a cumulative ack, and nothing with a stale one', () => {
    const bench = new SessionBench();
    bench.send(5);
    bench.session.onAck(3, true);
    expect(bench.session.outbox.pending).toBe(2);
    bench.session.onAck(2, true);
    bench.session.onAck(3, true);
    bench.session.onAck(1, false);
    expect([bench.session.outbox.pending, bench.counts.acked]).toEqual([2, 3]);
  });

  it('frees only the seq of an ack that is not cumulative', () => {
    const bench = new SessionBench();
    bench.send(5);
    bench.session.onAck(3, false);
    bench.link.take();
    expect(bench.runFor(1000)).toEqual(['1#2', '2#2', '4#2', '5#2']);
  });

  it.each([false, true])('above anything sent violates the protocol (cumulative: %s)', (cumulative) => {
    const bench = new SessionBench();
    bench.send(2);
    expect(() => bench.session.onAck(3, cumulative)).toThrow(PeerViolation);
    expect(() => bench.session.onNack(3, true)).toThrow(PeerViolation);
    expect(bench.session.outbox.pending).toBe(2);
  });

  it('for what has a seq but was never sent violates the protocol', () => {
    const bench = new SessionBench();
    bench.send(1);
    bench.session.detach();
    bench.send(1);
    expect(() => bench.session.onAck(2, false)).toThrow(PeerViolation);
  });

  it('of a message does not stand for the gap that took its place', () => {
    const bench = new SessionBench({ maxPending: 2, overflow: 'drop-oldest' });
    bench.send(2);
    bench.send(2);
    // The client handled 2 but not 1; both were given up before its ack of 2 came.
    bench.session.onAck(2, false);
    expect(bench.link.take()).toEqual(['1', '2', '3', '4']);
    bench.resume(0);
    expect(bench.link.take()).toEqual(['1-2 overflow', '3#2', '4#2', 'replayed 4']);
  });

  it('of a gap frees what it covers and leaves what the gap has grown by', () => {
    const bench = new SessionBench({ maxPending: 1 });
    bench.send(3);
    bench.runFor(0);
    bench.send(1);
    bench.session.onAck(3, false, 2);
    bench.session.onAck(1, false);
    expect(bench.session.outbox.isEmpty).toBe(false);
    expect(bench.runFor(0)).toEqual(['4-4 overflow']);
    bench.session.onAck(4, false);
    expect(bench.session.outbox.isEmpty).toBe(true);
  });

  it('of the last seq of a gap covers it for a client that has no other way to say so', () => {
    const bench = new SessionBench({ maxPending: 1 });
    bench.send(4);
    expect(bench.runFor(0)).toEqual(['1', '2-4 overflow']);
    bench.session.onAck(4, false);
    bench.session.onAck(1, false);
    expect(bench.session.outbox.isEmpty).toBe(true);
  });

  it('of the last seq of a gap says nothing of a gap that was told before the resume, or has grown', () => {
    const bench = new SessionBench({ maxPending: 1, overflow: 'drop-oldest' });
    bench.send(3);
    bench.runFor(0);
    bench.send(1);
    bench.session.onAck(3, false);
    expect(bench.session.outbox.gaps).toBe(1);
    bench.runFor(0);
    bench.session.detach();
    bench.session.attach(bench.link, true);
    bench.session.onAck(3, false);
    expect(bench.session.outbox.gaps).toBe(1);
  });

  it('of the last seq of a gap says nothing of the gap where the client acks gaps by their range', () => {
    const bench = new SessionBench({ maxPending: 1 });
    bench.session.gapAcks = true;
    bench.send(4);
    bench.runFor(0);
    bench.session.onAck(4, false);
    expect(bench.session.outbox.gaps).toBe(1);
    bench.session.onAck(4, false, 2);
    expect(bench.session.outbox.gaps).toBe(0);
  });

  it('of a gap frees its part of one that has taken in what came behind it', () => {
    const bench = new SessionBench({ maxPending: 1, overflow: 'drop-oldest', maxResend: 0 });
    bench.send(1);
    bench.runFor(1000);
    bench.send(3);
    bench.resume(0);
    expect(bench.link.take()).toEqual(['1-1 max-resend', '2-3 overflow', '4#2', 'replayed 4']);
    bench.send(2);
    bench.session.onAck(3, false, 2);
    bench.resume(0);
    expect(bench.link.take()).toEqual(['1-1 max-resend', '4-5 overflow', '6#2', 'replayed 6']);
  });

  it('of a gap frees no message', () => {
    const bench = new SessionBench();
    bench.send(5);
    bench.session.onAck(4, false, 2);
    expect(bench.session.outbox.pending).toBe(5);
  });

  it('covers gaps when it is cumulative', () => {
    const bench = new SessionBench({ maxPending: 2 });
    bench.send(5);
    bench.runFor(0);
    bench.session.onAck(5, true);
    expect(bench.session.outbox.isEmpty).toBe(true);
  });
});

describe('session: resend', () => {
  it('comes after the ack timeout, then backs off', () => {
    const bench = new SessionBench({ maxResend: 5 });
    bench.send(1);
    bench.link.take();
    expect(bench.runFor(999)).toEqual([]);
    expect(bench.runFor(1)).toEqual(['1#2']);
    expect(bench.runFor(1999)).toEqual([]);
    expect(bench.runFor(1)).toEqual(['1#3']);
    expect(bench.runFor(3999)).toEqual([]);
    expect(bench.runFor(1)).toEqual(['1#4']);
  });

  it('of a new message comes in time although an old one is waiting far longer', () => {
    const bench = new SessionBench({ maxResend: 9 });
    bench.send(1);
    bench.time.runFor(7500);
    bench.send(1);
    bench.link.take();
    expect(bench.runFor(1000)).toEqual(['2#2']);
  });

  it('keeps the order among what is due', () => {
    const bench = new SessionBench();
    bench.send(4);
    bench.link.take();
    expect(bench.runFor(1000)).toEqual(['1#2', '2#2', '3#2', '4#2']);
  });

  it('does not overtake what has not been sent at all', () => {
    const bench = new SessionBench();
    bench.send(1);
    bench.link.bufferedBytes = 10_001;
    bench.send(1);
    bench.time.runFor(900);
    bench.link.bufferedBytes = 0;
    bench.link.take();
    expect(bench.runFor(100)).toEqual(['2', '1#2']);
  });

  it('ends after maxResend with a gap and a dead letter', () => {
    const bench = new SessionBench({ maxResend: 2 });
    bench.send(2);
    bench.session.onAck(2, false);
    bench.link.take();
    expect(bench.runFor(3000)).toEqual(['1#2', '1#3']);
    expect(bench.runFor(4000)).toEqual(['1-1 max-resend']);
    expect(bench.drops).toEqual([[1, 'max-resend']]);
    bench.session.onAck(1, false);
    expect(bench.session.outbox.isEmpty).toBe(true);
  });

  it('repeats a gap that is not acked, further and further apart', () => {
    const bench = new SessionBench({ maxResend: 0 });
    bench.send(1);
    bench.runFor(1000);
    expect(bench.runFor(30_000).length).toBeGreaterThan(2);
    expect(bench.runFor(100_000).length).toBeLessThan(14);
  });

  it('counts no attempt on a socket that takes nothing', () => {
    const bench = new SessionBench({ maxResend: 1 });
    bench.send(1);
    bench.link.bufferedBytes = 10_001;
    expect(bench.runFor(20_000)).toEqual(['1']);
    bench.link.bufferedBytes = 0;
    expect(bench.runFor(2000)).toEqual(['1#2']);
    expect(bench.drops).toEqual([]);
  });

  it('counts no attempt that did not come about', () => {
    const bench = new SessionBench({ maxResend: 2, retryAttempts: 0 });
    bench.send(1);
    bench.link.sendErrors.push('ENOBUFS', 'ENOBUFS', 'ENOBUFS', 'ENOBUFS');
    bench.runFor(4500);
    expect(bench.failures).toEqual(['ENOBUFS', 'ENOBUFS', 'ENOBUFS', 'ENOBUFS']);
    expect(bench.drops).toEqual([]);
    expect(bench.runFor(1000)).toEqual(['1#2']);
  });

  it('counts no attempt for a replay, however often the client comes and goes', () => {
    const bench = new SessionBench({ maxResend: 2 });
    bench.send(1);
    for (let round = 0; round < 50; round += 1) {
      bench.time.runFor(900);
      bench.resume(0);
    }
    expect(bench.drops).toEqual([]);
    expect(bench.link.take()).toEqual(['1#51', 'replayed 1']);
  });

  it('does not happen when it is turned off, but for what was nacked and for gaps', () => {
    const bench = new SessionBench({ resend: false });
    bench.send(2);
    bench.session.onNack(2, true);
    bench.link.take();
    expect(bench.runFor(60_000)).toEqual(['2#2']);
    bench.session.onNack(1, false);
    expect(bench.runFor(60_000)).toContain('1-1 nack');
  });

  it('does not happen while the client is absent, and no timer runs for it', () => {
    const bench = new SessionBench();
    bench.send(3);
    bench.session.onNack(2, true);
    bench.session.detach();
    bench.send(2);
    expect(bench.time.plannedCount).toBe(0);
    expect(bench.runFor(600_000)).toHaveLength(3);
    expect(bench.session.outbox.pending).toBe(5);
  });

  it('does not happen on a socket that is closing', () => {
    const bench = new SessionBench();
    bench.send(1);
    bench.link.state = LinkState.closing;
    expect(bench.runFor(60_000)).toEqual(['1']);
    expect([bench.drops, bench.time.plannedCount]).toEqual([[], 0]);
  });
});

describe('session: nacks', () => {
  it('bring the message again after a backoff that doubles', () => {
    const bench = new SessionBench({ maxResend: 9 });
    bench.send(1);
    bench.session.onNack(1, true);
    bench.link.take();
    expect(bench.runFor(99)).toEqual([]);
    expect(bench.runFor(1)).toEqual(['1#2']);
    bench.session.onNack(1, true);
    expect(bench.runFor(199)).toEqual([]);
    expect(bench.runFor(1)).toEqual(['1#3']);
  });

  it('end in a gap after maxResend', () => {
    const bench = new SessionBench({ maxResend: 2 });
    bench.send(1);
    for (let nack = 0; nack < 3; nack += 1) {
      bench.session.onNack(1, true);
      bench.runFor(500);
    }
    expect(bench.drops).toEqual([[1, 'max-resend']]);
  });

  it('that forbid a retry end in a gap at once', () => {
    const bench = new SessionBench();
    bench.send(3);
    bench.link.take();
    bench.session.onNack(2, false);
    expect(bench.runFor(0)).toEqual(['2-2 nack']);
    expect(bench.drops).toEqual([[2, 'nack']]);
  });

  it('for what is not pending are nothing', () => {
    const bench = new SessionBench();
    bench.send(1);
    bench.session.onAck(1, false);
    bench.session.onNack(1, false);
    expect(bench.drops).toEqual([]);
  });
});

describe('session: send errors', () => {
  it('that pass are retried after a delay that grows', () => {
    const bench = new SessionBench();
    bench.link.sendErrors.push('EAGAIN', 'ENOBUFS');
    bench.send(2);
    expect(bench.link.take()).toEqual([]);
    expect(bench.runFor(49)).toEqual([]);
    expect(bench.runFor(1)).toEqual([]);
    expect(bench.runFor(99)).toEqual([]);
    expect(bench.runFor(1)).toEqual(['1', '2']);
    expect(bench.failures).toEqual(['EAGAIN retried', 'ENOBUFS retried']);
  });

  it('that pass after all retries are tried again after the ack timeout', () => {
    const bench = new SessionBench();
    bench.link.sendErrors.push('EAGAIN', 'EAGAIN', 'EAGAIN');
    bench.send(1);
    expect(bench.runFor(1149)).toEqual([]);
    expect(bench.runFor(1)).toEqual(['1']);
    expect(bench.failures).toEqual(['EAGAIN retried', 'EAGAIN retried', 'EAGAIN']);
  });

  it('that do not pass are not retried: the message waits for the next socket', () => {
    const bench = new SessionBench();
    bench.link.sendErrors.push('EPIPE', 'EPIPE');
    bench.send(1);
    expect(bench.runFor(60_000)).toEqual([]);
    expect(bench.failures).toEqual(['EPIPE']);
    bench.resume(0);
    expect(bench.link.take()).toEqual(['1', 'replayed 1']);
  });

  it('cost an at-most-once session the message and nothing else', () => {
    const bench = new SessionBench({ delivery: 'at-most-once' });
    bench.link.sendErrors.push('EPIPE');
    bench.send(2);
    expect(bench.link.take()).toEqual(['tick']);
    expect(bench.messages.map(({ result }) => [result.sent, result.failed])).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(bench.counts).toEqual({ assigned: 2, sent: 1, acked: 0, dropped: 1 });
  });
});

describe('session: identity', () => {
  it('goes on with its seq space on a new socket', () => {
    const bench = new SessionBench();
    bench.send(2);
    bench.resume(1);
    bench.link.take();
    bench.send(1);
    expect(bench.link.take()).toEqual(['3']);
  });

  it('drops everything pending when it ends', () => {
    const bench = new SessionBench();
    bench.send(2);
    bench.session.end('session-expired');
    expect(bench.drops).toEqual([
      [1, 'session-expired'],
      [2, 'session-expired'],
    ]);
    expect([bench.session.connected, bench.session.ended, bench.time.plannedCount]).toEqual([false, true, 0]);
  });

  it('writes to the socket it was given last', () => {
    const bench = new SessionBench();
    const older = bench.link;
    bench.send(1);
    bench.resume(0);
    bench.send(1);
    expect([older.take(), bench.link.take()]).toEqual([['1'], ['1#2', 'replayed 1', '2']]);
    expect(bench.link).not.toBe(older);
    expect(bench.link).toBeInstanceOf(FakeLink);
  });
});
