import { describe, expect, it } from 'vitest';
import { CloseCode } from '../../../src/protocol/frame.ts';
import { LinkState } from '../../../src/protocol/ports.ts';
import { ClientBench } from './client-bench.ts';

describe('subscriber: hello', () => {
  it('names the client, its rooms and its ack mode', () => {
    const bench = new ClientBench({
      profile: { ack: { mode: 'cumulative', every: 8, delayMs: 20 }, batch: true },
    });
    bench.subscriber.connect();
    bench.socket.open();
    expect(bench.socket.texts.map((text) => JSON.parse(text))).toEqual([
      {
        kind: 'hello',
        clientId: 'a',
        rooms: ['r1'],
        ack: { mode: 'cumulative', every: 8, delayMs: 20 },
        batch: true,
        gapAcks: true,
      },
    ]);
    expect(bench.socket.batch).toBe(true);
  });

  it('asks for the session with everything handled without a hole', () => {
    const bench = new ClientBench({ level: 'at-least-once' });
    bench.join().deliver(1, 2, 4);
    bench.socket.closed();
    bench.time.runFor(1000);
    bench.socket.open();
    expect(JSON.parse(bench.socket.texts[0] ?? '')).toMatchObject({
      session: 's',
      token: 't',
      epoch: 'e',
      lastSeq: 2,
    });
  });

  it('asks from 0 when nothing was ever received', () => {
    const bench = new ClientBench();
    bench.join().closed();
    bench.time.runFor(1000);
    bench.socket.open();
    expect(bench.socket.said()).toEqual(['hello 0']);
  });

  it('asks for nothing at most once, after a goodbye, or when it has forgotten its session', () => {
    const most = new ClientBench({ level: 'at-most-once' });
    const parted = new ClientBench();
    const forgetful = new ClientBench();
    for (const bench of [most, parted, forgetful]) bench.join();
    parted.subscriber.close(CloseCode.goodbye);
    forgetful.subscriber.forgetSession();
    for (const bench of [most, parted, forgetful]) {
      bench.socket.closed();
      bench.time.runFor(1000);
      bench.socket.open();
      expect(bench.socket.said()).toEqual(['hello']);
    }
  });

  it('comes with the token of the latest welcome', () => {
    const bench = new ClientBench();
    bench.join();
    bench.socket.closed();
    bench.join({ resumed: true, token: 't2' });
    bench.rejoin();
    expect(JSON.parse(bench.socket.texts[0] ?? '')).toMatchObject({ token: 't2' });
  });
});

describe('subscriber: reconnect', () => {
  /** ms until the client dials again. */
  function waitMs(bench: ClientBench): number {
    const { length } = bench.sockets;
    bench.socket.closed();
    for (let ms = 0; ms < 100_000; ms += 1) {
      if (bench.sockets.length > length) return ms;
      bench.time.runFor(1);
    }
    return -1;
  }

  it('waits longer after each failure, up to the maximum', () => {
    const bench = new ClientBench({ profile: { reconnect: { minMs: 100, maxMs: 1000, jitter: 'none' } } });
    bench.subscriber.connect();
    expect([1, 2, 3, 4, 5, 6].map(() => waitMs(bench))).toEqual([100, 200, 400, 800, 1000, 1000]);
  });

  it('starts over after a welcome, and not with a connection that is merely open', () => {
    const bench = new ClientBench({ profile: { reconnect: { minMs: 100, maxMs: 1000, jitter: 'none' } } });
    bench.subscriber.connect();
    waitMs(bench);
    waitMs(bench);
    bench.socket.open();
    expect(waitMs(bench)).toBe(400);
    bench.socket.open();
    bench.welcome();
    expect(waitMs(bench)).toBe(100);
  });

  it('comes at a random instant of the spread after a drain, and backs off as ever after that', () => {
    const bench = new ClientBench({ profile: { reconnect: { minMs: 100, maxMs: 1000, jitter: 'none' } } });
    bench.join().hear({ kind: 'drain', spreadMs: 8000 });
    bench.chance = 0.25;
    expect(waitMs(bench)).toBe(2000);
    expect(waitMs(bench)).toBe(100);
  });

  it('does not happen while the client is kept away, and at once when it is released', () => {
    const bench = new ClientBench();
    bench.join();
    bench.subscriber.stayAway();
    bench.socket.closed();
    bench.time.runFor(60_000);
    expect([bench.sockets.length, bench.time.plannedCount]).toEqual([1, 0]);
    bench.subscriber.release();
    expect(bench.sockets.length).toBe(2);
  });

  it('does not happen after a goodbye, which closes with 1000 and leaves no timer', () => {
    const bench = new ClientBench({ profile: { ack: { mode: 'cumulative', every: 8, delayMs: 20 } } });
    bench.join().deliver(1);
    bench.subscriber.stop();
    expect(bench.socket.closedWith).toBe(CloseCode.goodbye);
    bench.socket.closed(CloseCode.goodbye);
    bench.time.runFor(60_000);
    expect([bench.sockets.length, bench.time.plannedCount]).toEqual([1, 0]);
  });
});

describe('subscriber: handling', () => {
  it('acks after the handler has succeeded, and not before', () => {
    const bench = new ClientBench({ profile: { handlerMs: 10 } });
    bench.join();
    bench.socket.said();
    bench.socket.deliver(1);
    bench.time.runFor(9);
    expect([bench.done, bench.socket.said()]).toEqual([[], []]);
    bench.time.runFor(1);
    expect([bench.done, bench.socket.said()]).toEqual([[1], ['ack 1']]);
  });

  it('nacks what failed, or keeps silent about it', () => {
    for (const nack of [true, false]) {
      const bench = new ClientBench({ profile: { nack } });
      bench.failing.add(1);
      bench.join();
      bench.socket.said();
      bench.socket.deliver(1);
      expect([bench.told.at(-1), bench.socket.said()]).toEqual(['failed 1', nack ? ['nack 1'] : []]);
    }
  });

  it('effectively once acks a duplicate again and does not handle it', () => {
    const bench = new ClientBench();
    bench.join();
    bench.socket.said();
    bench.socket.deliver(1, 1, 2, 1);
    expect(bench.done).toEqual([1, 2]);
    expect(bench.socket.said()).toEqual(['ack 1', 'ack 1', 'ack 2', 'ack 1']);
    expect(bench.told).toContain('duplicate 1');
  });

  it('effectively once knows a duplicate on the next connection too', () => {
    const bench = new ClientBench();
    bench.join().deliver(1, 2);
    bench.rejoin().said();
    bench.socket.deliver(1, 2, 3);
    expect([bench.done, bench.socket.said()]).toEqual([
      [1, 2, 3],
      ['ack 1', 'ack 2', 'ack 3'],
    ]);
  });

  it('at least once handles what comes, as often as it comes', () => {
    const bench = new ClientBench({ level: 'at-least-once' });
    bench.join();
    bench.socket.said();
    bench.socket.deliver(3, 1, 1);
    expect([bench.done, bench.socket.said()]).toEqual([
      [3, 1, 1],
      ['ack 3', 'ack 1', 'ack 1'],
    ]);
  });

  it('effectively once is strictly in order, with failing handlers and holes', () => {
    const bench = new ClientBench();
    bench.failing.add(2);
    bench.join();
    bench.socket.said();
    bench.socket.deliver(1, 4, 2, 3);
    bench.failing.clear();
    bench.socket.deliver(3, 4);
    expect([bench.done, bench.socket.said()]).toEqual([[1], ['ack 1', 'nack 2']]);
    bench.socket.deliver(2);
    expect([bench.done, bench.socket.said()]).toEqual([
      [1, 2, 3, 4],
      ['ack 2', 'ack 3', 'ack 4'],
    ]);
  });

  it('effectively once neither handles nor acks what it could not remember', () => {
    const bench = new ClientBench({ profile: { dedupWindow: 3 } });
    bench.join();
    bench.socket.said();
    bench.socket.deliver(2, 3, 4);
    expect(bench.socket.said()).toEqual([]);
    bench.socket.deliver(1);
    expect(bench.socket.said()).toEqual(['ack 1', 'ack 2', 'ack 3']);
    bench.socket.deliver(4);
    expect(bench.done).toEqual([1, 2, 3, 4]);
  });

  it('begins at seq 1 with nothing handled in a fresh session', () => {
    const bench = new ClientBench();
    bench.join().deliver(1, 2);
    bench.socket.closed();
    bench.join({ session: 's2', reason: 'expired' }).deliver(1);
    expect([bench.done, bench.told.includes('welcomed after asking')]).toEqual([[1, 2, 1], true]);
  });

  it('at most once handles every broadcast and no presence notice, and acks nothing', () => {
    const bench = new ClientBench({ level: 'at-most-once' });
    bench.join();
    bench.socket.said();
    bench.socket.hear({ type: 'tick', payload: { n: 1 } });
    bench.socket.hear({ type: 'joined', room: 'r1', roomSize: 1 });
    expect([bench.done, bench.socket.said()]).toEqual([[0], []]);
  });
});

describe('subscriber: gaps', () => {
  it('are told, acked as a whole, and move the frontier', () => {
    const bench = new ClientBench();
    bench.join();
    bench.socket.said();
    bench.socket.deliver(1, 5);
    bench.socket.gap(2, 4);
    expect([bench.done, bench.socket.said()]).toEqual([
      [1, 5],
      ['ack 1', 'ack 5', 'ack 2-4'],
    ]);
  });

  it('of one seq are acked like a message', () => {
    const bench = new ClientBench();
    bench.join();
    bench.socket.said();
    bench.socket.gap(1, 1, 'nack');
    expect([bench.told.at(-1), bench.socket.said()]).toEqual(['gap 1-1 nack', ['ack 1']]);
  });

  it('that could not be remembered are not acked, so that they come again', () => {
    const bench = new ClientBench({ profile: { dedupWindow: 3 } });
    bench.join();
    bench.socket.said();
    bench.socket.gap(2, 9);
    expect(bench.socket.said()).toEqual([]);
    bench.socket.deliver(1);
    bench.socket.gap(2, 9);
    bench.socket.deliver(10);
    expect([bench.done, bench.socket.said()]).toEqual([
      [1, 10],
      ['ack 1', 'ack 2-9', 'ack 10'],
    ]);
  });

  it('count as handled in a cumulative ack', () => {
    const bench = new ClientBench({ profile: { ack: { mode: 'cumulative', every: 2, delayMs: 20 } } });
    bench.join();
    bench.socket.said();
    bench.socket.gap(1, 7);
    bench.socket.deliver(8);
    expect(bench.socket.said()).toEqual(['ack -8']);
  });
});

describe('subscriber: congestion', () => {
  const many = Array.from({ length: 1100 }, (_, index) => index + 1);

  it('stops reading while the inbox is full', () => {
    const bench = new ClientBench({ profile: { handlerMs: 1, dedupWindow: 4096 } });
    bench.join().deliver(...many);
    expect(bench.socket.reading).toBe(false);
    bench.time.runFor(1100);
    expect([bench.socket.reading, bench.done.length]).toEqual([true, 1100]);
  });

  it('goes on reading only when nobody else wants it paused', () => {
    const bench = new ClientBench({ profile: { handlerMs: 1, dedupWindow: 4096 } });
    bench.join().deliver(...many);
    bench.subscriber.pauseReading('fault');
    bench.time.runFor(1100);
    expect(bench.socket.reading).toBe(false);
    bench.subscriber.resumeReading('fault');
    expect(bench.socket.reading).toBe(true);
  });

  it('does not keep the next connection from its welcome', () => {
    const bench = new ClientBench({ profile: { handlerMs: 1000, dedupWindow: 4096 } });
    bench.join().deliver(...many);
    bench.socket.closed();
    bench.time.runFor(1000);
    expect([bench.sockets.length, bench.socket.reading]).toEqual([2, true]);
    bench.socket.open();
    bench.welcome({ resumed: true });
    bench.socket.deliver(...many.slice(2));
    expect(bench.socket.reading).toBe(false);
  });

  it('keeps a fault on each new connection', () => {
    const bench = new ClientBench({ profile: { readBytesPerSec: 5000 } });
    bench.subscriber.pauseReading('fault');
    bench.subscriber.setAnswersPings(false);
    bench.join();
    expect([bench.socket.reading, bench.socket.answerPings, bench.socket.readLimit]).toEqual([
      false,
      false,
      5000,
    ]);
    bench.subscriber.resumeReading('fault');
    bench.subscriber.limitReading(100);
    bench.rejoin();
    expect([bench.socket.reading, bench.socket.answerPings, bench.socket.readLimit]).toEqual([
      true,
      false,
      100,
    ]);
    bench.subscriber.limitReading(undefined);
    expect([bench.socket.readLimit, bench.socket.state]).toEqual([5000, LinkState.open]);
  });
});
