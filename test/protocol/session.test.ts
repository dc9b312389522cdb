import { describe, expect, it } from 'vitest';
import { PeerViolation } from '../../src/protocol/peer-violation.ts';
import { LinkState } from '../../src/protocol/ports.ts';
import { FakeLink } from './fake-link.ts';
import { SessionFixture } from './session-fixture.ts';

describe('session: sending', () => {
  it('numbers messages from 1 and sends each once while all is well', () => {
    const fixture = new SessionFixture();
    fixture.send(3);
    expect(fixture.link.take()).toEqual(['1', '2', '3']);
    fixture.session.onAck(1, false);
    fixture.session.onAck(2, false);
    fixture.session.onAck(3, false);
    expect(fixture.runFor(60_000)).toEqual([]);
    expect(fixture.session.outbox.isEmpty).toBe(true);
  });

  it('writes nothing to a socket whose buffer is over the limit, and goes on when it is writable', () => {
    const fixture = new SessionFixture();
    fixture.link.bufferedBytes = 10_001;
    fixture.send(2);
    expect(fixture.link.take()).toEqual([]);
    fixture.link.bufferedBytes = 0;
    fixture.session.pump();
    expect(fixture.link.take()).toEqual(['1', '2']);
  });

  it('goes on with an ack when the socket took everything without having been full', () => {
    const fixture = new SessionFixture();
    fixture.send(1);
    fixture.link.bufferedBytes = 10_001;
    fixture.send(1);
    fixture.link.bufferedBytes = 0;
    fixture.session.onAck(1, false);
    expect(fixture.link.take()).toEqual(['1', '2']);
  });

  it('tells the round trip of what was sent once, and of nothing else', () => {
    const fixture = new SessionFixture();
    fixture.send(2);
    fixture.time.runFor(30);
    fixture.session.onAck(1, false);
    fixture.time.runFor(1000);
    fixture.session.onAck(2, false);
    expect(fixture.roundTripsUs).toEqual([30_000, -1]);
  });

  it('tells no round trip of what a resume declares, since the absence lies in between', () => {
    const fixture = new SessionFixture();
    fixture.send(2);
    fixture.session.detach();
    fixture.time.runFor(20_000);
    fixture.resume(2);
    expect(fixture.roundTripsUs).toEqual([-1, -1]);
  });
});

describe('session: acks', () => {
  it('frees everything below a cumulative ack, and nothing with a stale one', () => {
    const fixture = new SessionFixture();
    fixture.send(5);
    fixture.session.onAck(3, true);
    expect(fixture.session.outbox.pending).toBe(2);
    fixture.session.onAck(2, true);
    fixture.session.onAck(3, true);
    fixture.session.onAck(1, false);
    expect([fixture.session.outbox.pending, fixture.counts.acked]).toEqual([2, 3]);
  });

  it('frees only the seq of an ack that is not cumulative', () => {
    const fixture = new SessionFixture();
    fixture.send(5);
    fixture.session.onAck(3, false);
    fixture.link.take();
    expect(fixture.runFor(1000)).toEqual(['1#2', '2#2', '4#2', '5#2']);
  });

  it.each([false, true])('above anything sent violates the protocol (cumulative: %s)', (cumulative) => {
    const fixture = new SessionFixture();
    fixture.send(2);
    expect(() => fixture.session.onAck(3, cumulative)).toThrow(PeerViolation);
    expect(() => fixture.session.onNack(3, true)).toThrow(PeerViolation);
    expect(fixture.session.outbox.pending).toBe(2);
  });

  it('for what has a seq but was never sent violates the protocol', () => {
    const fixture = new SessionFixture();
    fixture.send(1);
    fixture.session.detach();
    fixture.send(1);
    expect(() => fixture.session.onAck(2, false)).toThrow(PeerViolation);
  });

  it('of a message does not stand for the gap that took its place', () => {
    const fixture = new SessionFixture({ maxPending: 2, overflow: 'drop-oldest' });
    fixture.send(2);
    fixture.send(2);
    // The client handled 2 but not 1; both were given up before its ack of 2 came.
    fixture.session.onAck(2, false);
    expect(fixture.link.take()).toEqual(['1', '2', '3', '4']);
    fixture.resume(0);
    expect(fixture.link.take()).toEqual(['1-2 overflow', '3#2', '4#2', 'replayed 4']);
  });

  it('of a gap frees what it covers and leaves what the gap has grown by', () => {
    const fixture = new SessionFixture({ maxPending: 1 });
    fixture.send(3);
    fixture.runFor(0);
    fixture.send(1);
    fixture.session.onAck(3, false, 2);
    fixture.session.onAck(1, false);
    expect(fixture.session.outbox.isEmpty).toBe(false);
    expect(fixture.runFor(0)).toEqual(['4-4 overflow']);
    fixture.session.onAck(4, false);
    expect(fixture.session.outbox.isEmpty).toBe(true);
  });

  it('of the last seq of a gap covers it for a client that has no other way to say so', () => {
    const fixture = new SessionFixture({ maxPending: 1 });
    fixture.send(4);
    expect(fixture.runFor(0)).toEqual(['1', '2-4 overflow']);
    fixture.session.onAck(4, false);
    fixture.session.onAck(1, false);
    expect(fixture.session.outbox.isEmpty).toBe(true);
  });

  it('of the last seq of a gap says nothing of a gap that was told before the resume, or has grown', () => {
    const fixture = new SessionFixture({ maxPending: 1, overflow: 'drop-oldest' });
    fixture.send(3);
    fixture.runFor(0);
    fixture.send(1);
    fixture.session.onAck(3, false);
    expect(fixture.session.outbox.gaps).toBe(1);
    fixture.runFor(0);
    fixture.session.detach();
    fixture.session.attach(fixture.link, true);
    fixture.session.onAck(3, false);
    expect(fixture.session.outbox.gaps).toBe(1);
  });

  it('of the last seq of a gap says nothing of the gap where the client acks gaps by their range', () => {
    const fixture = new SessionFixture({ maxPending: 1 });
    fixture.session.gapAcks = true;
    fixture.send(4);
    fixture.runFor(0);
    fixture.session.onAck(4, false);
    expect(fixture.session.outbox.gaps).toBe(1);
    fixture.session.onAck(4, false, 2);
    expect(fixture.session.outbox.gaps).toBe(0);
  });

  it('of a gap frees its part of one that has taken in what came behind it', () => {
    const fixture = new SessionFixture({ maxPending: 1, overflow: 'drop-oldest', maxResend: 0 });
    fixture.send(1);
    fixture.runFor(1000);
    fixture.send(3);
    fixture.resume(0);
    expect(fixture.link.take()).toEqual(['1-1 max-resend', '2-3 overflow', '4#2', 'replayed 4']);
    fixture.send(2);
    fixture.session.onAck(3, false, 2);
    fixture.resume(0);
    expect(fixture.link.take()).toEqual(['1-1 max-resend', '4-5 overflow', '6#2', 'replayed 6']);
  });

  it('of a gap frees no message', () => {
    const fixture = new SessionFixture();
    fixture.send(5);
    fixture.session.onAck(4, false, 2);
    expect(fixture.session.outbox.pending).toBe(5);
  });

  it('covers gaps when it is cumulative', () => {
    const fixture = new SessionFixture({ maxPending: 2 });
    fixture.send(5);
    fixture.runFor(0);
    fixture.session.onAck(5, true);
    expect(fixture.session.outbox.isEmpty).toBe(true);
  });
});

describe('session: resend', () => {
  it('comes after the ack timeout, then backs off', () => {
    const fixture = new SessionFixture({ maxResend: 5 });
    fixture.send(1);
    fixture.link.take();
    expect(fixture.runFor(999)).toEqual([]);
    expect(fixture.runFor(1)).toEqual(['1#2']);
    expect(fixture.runFor(1999)).toEqual([]);
    expect(fixture.runFor(1)).toEqual(['1#3']);
    expect(fixture.runFor(3999)).toEqual([]);
    expect(fixture.runFor(1)).toEqual(['1#4']);
  });

  it('of a new message comes in time although an old one is waiting far longer', () => {
    const fixture = new SessionFixture({ maxResend: 9 });
    fixture.send(1);
    fixture.time.runFor(7500);
    fixture.send(1);
    fixture.link.take();
    expect(fixture.runFor(1000)).toEqual(['2#2']);
  });

  it('keeps the order among what is due', () => {
    const fixture = new SessionFixture();
    fixture.send(4);
    fixture.link.take();
    expect(fixture.runFor(1000)).toEqual(['1#2', '2#2', '3#2', '4#2']);
  });

  it('does not overtake what has not been sent at all', () => {
    const fixture = new SessionFixture();
    fixture.send(1);
    fixture.link.bufferedBytes = 10_001;
    fixture.send(1);
    fixture.time.runFor(900);
    fixture.link.bufferedBytes = 0;
    fixture.link.take();
    expect(fixture.runFor(100)).toEqual(['2', '1#2']);
  });

  it('ends after maxResend with a gap and a dead letter', () => {
    const fixture = new SessionFixture({ maxResend: 2 });
    fixture.send(2);
    fixture.session.onAck(2, false);
    fixture.link.take();
    expect(fixture.runFor(3000)).toEqual(['1#2', '1#3']);
    expect(fixture.runFor(4000)).toEqual(['1-1 max-resend']);
    expect(fixture.drops).toEqual([[1, 'max-resend']]);
    fixture.session.onAck(1, false);
    expect(fixture.session.outbox.isEmpty).toBe(true);
  });

  it('repeats a gap that is not acked, further and further apart', () => {
    const fixture = new SessionFixture({ maxResend: 0 });
    fixture.send(1);
    fixture.runFor(1000);
    expect(fixture.runFor(30_000).length).toBeGreaterThan(2);
    expect(fixture.runFor(100_000).length).toBeLessThan(14);
  });

  it('counts no attempt on a socket that takes nothing', () => {
    const fixture = new SessionFixture({ maxResend: 1 });
    fixture.send(1);
    fixture.link.bufferedBytes = 10_001;
    expect(fixture.runFor(20_000)).toEqual(['1']);
    fixture.link.bufferedBytes = 0;
    expect(fixture.runFor(2000)).toEqual(['1#2']);
    expect(fixture.drops).toEqual([]);
  });

  it('counts no attempt that did not come about', () => {
    const fixture = new SessionFixture({ maxResend: 2, retryAttempts: 0 });
    fixture.send(1);
    fixture.link.sendErrors.push('ENOBUFS', 'ENOBUFS', 'ENOBUFS', 'ENOBUFS');
    fixture.runFor(4500);
    expect(fixture.failures).toEqual(['ENOBUFS', 'ENOBUFS', 'ENOBUFS', 'ENOBUFS']);
    expect(fixture.drops).toEqual([]);
    expect(fixture.runFor(1000)).toEqual(['1#2']);
  });

  it('counts no attempt for a replay, however often the client comes and goes', () => {
    const fixture = new SessionFixture({ maxResend: 2 });
    fixture.send(1);
    for (let round = 0; round < 50; round += 1) {
      fixture.time.runFor(900);
      fixture.resume(0);
    }
    expect(fixture.drops).toEqual([]);
    expect(fixture.link.take()).toEqual(['1#51', 'replayed 1']);
  });

  it('does not happen when it is turned off, but for what was nacked and for gaps', () => {
    const fixture = new SessionFixture({ resend: false });
    fixture.send(2);
    fixture.session.onNack(2, true);
    fixture.link.take();
    expect(fixture.runFor(60_000)).toEqual(['2#2']);
    fixture.session.onNack(1, false);
    expect(fixture.runFor(60_000)).toContain('1-1 nack');
  });

  it('does not happen while the client is absent, and no timer runs for it', () => {
    const fixture = new SessionFixture();
    fixture.send(3);
    fixture.session.onNack(2, true);
    fixture.session.detach();
    fixture.send(2);
    expect(fixture.time.plannedCount).toBe(0);
    expect(fixture.runFor(600_000)).toHaveLength(3);
    expect(fixture.session.outbox.pending).toBe(5);
  });

  it('does not happen on a socket that is closing', () => {
    const fixture = new SessionFixture();
    fixture.send(1);
    fixture.link.state = LinkState.closing;
    expect(fixture.runFor(60_000)).toEqual(['1']);
    expect([fixture.drops, fixture.time.plannedCount]).toEqual([[], 0]);
  });
});

describe('session: nacks', () => {
  it('bring the message again after a backoff that doubles', () => {
    const fixture = new SessionFixture({ maxResend: 9 });
    fixture.send(1);
    fixture.session.onNack(1, true);
    fixture.link.take();
    expect(fixture.runFor(99)).toEqual([]);
    expect(fixture.runFor(1)).toEqual(['1#2']);
    fixture.session.onNack(1, true);
    expect(fixture.runFor(199)).toEqual([]);
    expect(fixture.runFor(1)).toEqual(['1#3']);
  });

  it('end in a gap after maxResend', () => {
    const fixture = new SessionFixture({ maxResend: 2 });
    fixture.send(1);
    for (let nack = 0; nack < 3; nack += 1) {
      fixture.session.onNack(1, true);
      fixture.runFor(500);
    }
    expect(fixture.drops).toEqual([[1, 'max-resend']]);
  });

  it('that forbid a retry end in a gap at once', () => {
    const fixture = new SessionFixture();
    fixture.send(3);
    fixture.link.take();
    fixture.session.onNack(2, false);
    expect(fixture.runFor(0)).toEqual(['2-2 nack']);
    expect(fixture.drops).toEqual([[2, 'nack']]);
  });

  it('for what is not pending are nothing', () => {
    const fixture = new SessionFixture();
    fixture.send(1);
    fixture.session.onAck(1, false);
    fixture.session.onNack(1, false);
    expect(fixture.drops).toEqual([]);
  });
});

describe('session: send errors', () => {
  it('that pass are retried after a delay that grows', () => {
    const fixture = new SessionFixture();
    fixture.link.sendErrors.push('EAGAIN', 'ENOBUFS');
    fixture.send(2);
    expect(fixture.link.take()).toEqual([]);
    expect(fixture.runFor(49)).toEqual([]);
    expect(fixture.runFor(1)).toEqual([]);
    expect(fixture.runFor(99)).toEqual([]);
    expect(fixture.runFor(1)).toEqual(['1', '2']);
    expect(fixture.failures).toEqual(['EAGAIN retried', 'ENOBUFS retried']);
  });

  it('that pass after all retries are tried again after the ack timeout', () => {
    const fixture = new SessionFixture();
    fixture.link.sendErrors.push('EAGAIN', 'EAGAIN', 'EAGAIN');
    fixture.send(1);
    expect(fixture.runFor(1149)).toEqual([]);
    expect(fixture.runFor(1)).toEqual(['1']);
    expect(fixture.failures).toEqual(['EAGAIN retried', 'EAGAIN retried', 'EAGAIN']);
  });

  it('that do not pass are not retried: the message waits for the next socket', () => {
    const fixture = new SessionFixture();
    fixture.link.sendErrors.push('EPIPE', 'EPIPE');
    fixture.send(1);
    expect(fixture.runFor(60_000)).toEqual([]);
    expect(fixture.failures).toEqual(['EPIPE']);
    fixture.resume(0);
    expect(fixture.link.take()).toEqual(['1', 'replayed 1']);
  });

  it('cost an at-most-once session the message and nothing else', () => {
    const fixture = new SessionFixture({ delivery: 'at-most-once' });
    fixture.link.sendErrors.push('EPIPE');
    fixture.send(2);
    expect(fixture.link.take()).toEqual(['tick']);
    expect(fixture.messages.map(({ result }) => [result.sent, result.failed])).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(fixture.counts).toEqual({ assigned: 2, sent: 1, acked: 0, dropped: 1 });
  });
});

describe('session: identity', () => {
  it('goes on with its seq space on a new socket', () => {
    const fixture = new SessionFixture();
    fixture.send(2);
    fixture.resume(1);
    fixture.link.take();
    fixture.send(1);
    expect(fixture.link.take()).toEqual(['3']);
  });

  it('drops everything pending when it ends', () => {
    const fixture = new SessionFixture();
    fixture.send(2);
    fixture.session.end('session-expired');
    expect(fixture.drops).toEqual([
      [1, 'session-expired'],
      [2, 'session-expired'],
    ]);
    expect([fixture.session.connected, fixture.session.ended, fixture.time.plannedCount]).toEqual([
      false,
      true,
      0,
    ]);
  });

  it('writes to the socket it was given last', () => {
    const fixture = new SessionFixture();
    const older = fixture.link;
    fixture.send(1);
    fixture.resume(0);
    fixture.send(1);
    expect([older.take(), fixture.link.take()]).toEqual([['1'], ['1#2', 'replayed 1', '2']]);
    expect(fixture.link).not.toBe(older);
    expect(fixture.link).toBeInstanceOf(FakeLink);
  });
});
