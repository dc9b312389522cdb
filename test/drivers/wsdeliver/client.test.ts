import { describe, expect, it } from 'vitest';
import { CloseCode } from '../../../src/protocol/frame.ts';
import { LinkState } from '../../../src/protocol/ports.ts';
import { ClientFixture } from './client-fixture.ts';

describe('client: hello', () => {
  it('names the client, its rooms and its ack mode', () => {
    const fixture = new ClientFixture({
      profile: { ack: { mode: 'cumulative', every: 8, delayMs: 20 }, batch: true },
    });
    fixture.client.connector.connect();
    fixture.socket.open();
    expect(fixture.socket.texts.map((text) => JSON.parse(text))).toEqual([
      {
        kind: 'hello',
        clientId: 'a',
        rooms: ['r1'],
        ack: { mode: 'cumulative', every: 8, delayMs: 20 },
        batch: true,
        gapAcks: true,
      },
    ]);
    expect(fixture.socket.batch).toBe(true);
  });

  it('asks for the session with everything handled without a hole', () => {
    const fixture = new ClientFixture({ level: 'at-least-once' });
    fixture.join().deliver(1, 2, 4);
    fixture.socket.closed();
    fixture.time.runFor(1000);
    fixture.socket.open();
    expect(JSON.parse(fixture.socket.texts[0] ?? '')).toMatchObject({
      session: 's',
      token: 't',
      epoch: 'e',
      lastSeq: 2,
    });
  });

  it('asks from 0 when nothing was ever received', () => {
    const fixture = new ClientFixture();
    fixture.join().closed();
    fixture.time.runFor(1000);
    fixture.socket.open();
    expect(fixture.socket.said()).toEqual(['hello 0']);
  });

  it('asks for nothing at most once, after a goodbye, or when it has forgotten its session', () => {
    const most = new ClientFixture({ level: 'at-most-once' });
    const parted = new ClientFixture();
    const forgetful = new ClientFixture();
    for (const fixture of [most, parted, forgetful]) fixture.join();
    parted.client.close(CloseCode.goodbye);
    forgetful.client.forgetSession();
    for (const fixture of [most, parted, forgetful]) {
      fixture.socket.closed();
      fixture.time.runFor(1000);
      fixture.socket.open();
      expect(fixture.socket.said()).toEqual(['hello']);
    }
  });

  it('comes with the token of the latest welcome', () => {
    const fixture = new ClientFixture();
    fixture.join();
    fixture.socket.closed();
    fixture.join({ resumed: true, token: 't2' });
    fixture.rejoin();
    expect(JSON.parse(fixture.socket.texts[0] ?? '')).toMatchObject({ token: 't2' });
  });
});

describe('client: a fresh session', () => {
  /** What a client is told that comes back to a welcome. */
  function toldBy(fixture: ClientFixture, fields: object): string | undefined {
    fixture.socket.closed();
    fixture.join({ session: 's2', ...fields });
    return fixture.told.at(-1);
  }

  it.each([
    ['expired', 'session-expired'],
    ['unknown-session', 'session-expired'],
    ['restart', 'restart'],
    ['overflow', 'overflow'],
    ['bad-token', 'replaced'],
    [undefined, 'session-expired'],
  ])('says of a resume that was refused with %s that the session is lost as %s', (reason, told) => {
    const fixture = new ClientFixture();
    fixture.join();
    expect(fixture.told.at(-1)).toBe('subscribed');
    expect(toldBy(fixture, { reason })).toBe(`subscribed, ${told}`);
  });

  it('is known to replace the one that the client gave up', () => {
    const fixture = new ClientFixture();
    fixture.join();
    fixture.client.forgetSession();
    expect(toldBy(fixture, {})).toBe('subscribed, replaced');
  });

  it('tells nothing at most once', () => {
    const fixture = new ClientFixture({ level: 'at-most-once' });
    fixture.join();
    expect(toldBy(fixture, {})).toBe('subscribed');
  });
});

describe('client: reconnect', () => {
  /** ms until the client dials again. */
  function waitMs(fixture: ClientFixture): number {
    const { length } = fixture.sockets;
    fixture.socket.closed();
    for (let ms = 0; ms < 100_000; ms += 1) {
      if (fixture.sockets.length > length) return ms;
      fixture.time.runFor(1);
    }
    return -1;
  }

  it('waits longer after each failure, up to the maximum', () => {
    const fixture = new ClientFixture({
      profile: { reconnect: { minMs: 100, maxMs: 1000, jitter: 'none' } },
    });
    fixture.client.connector.connect();
    expect([1, 2, 3, 4, 5, 6].map(() => waitMs(fixture))).toEqual([100, 200, 400, 800, 1000, 1000]);
  });

  it('starts over after a welcome, and not with a connection that is merely open', () => {
    const fixture = new ClientFixture({
      profile: { reconnect: { minMs: 100, maxMs: 1000, jitter: 'none' } },
    });
    fixture.client.connector.connect();
    waitMs(fixture);
    waitMs(fixture);
    fixture.socket.open();
    expect(waitMs(fixture)).toBe(400);
    fixture.socket.open();
    fixture.welcome();
    expect(waitMs(fixture)).toBe(100);
  });

  it('comes at a random instant of the spread after a drain, and backs off as ever after that', () => {
    const fixture = new ClientFixture({
      profile: { reconnect: { minMs: 100, maxMs: 1000, jitter: 'none' } },
    });
    fixture.join().hear({ kind: 'drain', spreadMs: 8000 });
    fixture.chance = 0.25;
    expect(waitMs(fixture)).toBe(2000);
    expect(waitMs(fixture)).toBe(100);
  });

  it('does not happen while the client is kept away, and at once when it is released', () => {
    const fixture = new ClientFixture();
    fixture.join();
    fixture.client.connector.stayAway();
    fixture.socket.closed();
    fixture.time.runFor(60_000);
    expect([fixture.sockets.length, fixture.time.plannedCount]).toEqual([1, 0]);
    fixture.client.connector.release();
    expect(fixture.sockets.length).toBe(2);
  });

  it('does not happen after a goodbye, which closes with 1000 and leaves no timer', () => {
    const fixture = new ClientFixture({ profile: { ack: { mode: 'cumulative', every: 8, delayMs: 20 } } });
    fixture.join().deliver(1);
    fixture.client.stop();
    expect(fixture.socket.closedWith).toBe(CloseCode.goodbye);
    fixture.socket.closed(CloseCode.goodbye);
    fixture.time.runFor(60_000);
    expect([fixture.sockets.length, fixture.time.plannedCount]).toEqual([1, 0]);
  });
});

describe('client: handling', () => {
  it('acks after the handler has succeeded, and not before', () => {
    const fixture = new ClientFixture({ profile: { handlerMs: 10 } });
    fixture.join();
    fixture.socket.said();
    fixture.socket.deliver(1);
    fixture.time.runFor(9);
    expect([fixture.done, fixture.socket.said()]).toEqual([[], []]);
    fixture.time.runFor(1);
    expect([fixture.done, fixture.socket.said()]).toEqual([[1], ['ack 1']]);
  });

  it('nacks what failed, or keeps silent about it', () => {
    for (const nack of [true, false]) {
      const fixture = new ClientFixture({ profile: { nack } });
      fixture.failing.add(1);
      fixture.join();
      fixture.socket.said();
      fixture.socket.deliver(1);
      expect([fixture.told.at(-1), fixture.socket.said()]).toEqual(['failed 1', nack ? ['nack 1'] : []]);
    }
  });

  it('effectively once acks a duplicate again and does not handle it', () => {
    const fixture = new ClientFixture();
    fixture.join();
    fixture.socket.said();
    fixture.socket.deliver(1, 1, 2, 1);
    expect(fixture.done).toEqual([1, 2]);
    expect(fixture.socket.said()).toEqual(['ack 1', 'ack 1', 'ack 2', 'ack 1']);
    expect(fixture.told).toContain('duplicate 1');
  });

  it('effectively once knows a duplicate on the next connection too', () => {
    const fixture = new ClientFixture();
    fixture.join().deliver(1, 2);
    fixture.rejoin().said();
    fixture.socket.deliver(1, 2, 3);
    expect([fixture.done, fixture.socket.said()]).toEqual([
      [1, 2, 3],
      ['ack 1', 'ack 2', 'ack 3'],
    ]);
  });

  it('at least once handles what comes, as often as it comes', () => {
    const fixture = new ClientFixture({ level: 'at-least-once' });
    fixture.join();
    fixture.socket.said();
    fixture.socket.deliver(3, 1, 1);
    expect([fixture.done, fixture.socket.said()]).toEqual([
      [3, 1, 1],
      ['ack 3', 'ack 1', 'ack 1'],
    ]);
  });

  it('effectively once is strictly in order, with failing handlers and holes', () => {
    const fixture = new ClientFixture();
    fixture.failing.add(2);
    fixture.join();
    fixture.socket.said();
    fixture.socket.deliver(1, 4, 2, 3);
    fixture.failing.clear();
    fixture.socket.deliver(3, 4);
    expect([fixture.done, fixture.socket.said()]).toEqual([[1], ['ack 1', 'nack 2']]);
    fixture.socket.deliver(2);
    expect([fixture.done, fixture.socket.said()]).toEqual([
      [1, 2, 3, 4],
      ['ack 2', 'ack 3', 'ack 4'],
    ]);
  });

  it('effectively once neither handles nor acks what it could not remember', () => {
    const fixture = new ClientFixture({ profile: { dedupWindow: 3 } });
    fixture.join();
    fixture.socket.said();
    fixture.socket.deliver(2, 3, 4);
    expect(fixture.socket.said()).toEqual([]);
    fixture.socket.deliver(1);
    expect(fixture.socket.said()).toEqual(['ack 1', 'ack 2', 'ack 3']);
    fixture.socket.deliver(4);
    expect(fixture.done).toEqual([1, 2, 3, 4]);
  });

  it('begins at seq 1 with nothing handled in a fresh session', () => {
    const fixture = new ClientFixture();
    fixture.join().deliver(1, 2);
    fixture.socket.closed();
    fixture.join({ session: 's2', reason: 'expired' }).deliver(1);
    expect([fixture.done, fixture.told.includes('subscribed, session-expired')]).toEqual([[1, 2, 1], true]);
  });

  it('at most once handles every broadcast and no presence notice, and acks nothing', () => {
    const fixture = new ClientFixture({ level: 'at-most-once' });
    fixture.join();
    fixture.socket.said();
    fixture.socket.hear({ type: 'tick', payload: { n: 1 } });
    fixture.socket.hear({ type: 'joined', room: 'r1', roomSize: 1 });
    expect([fixture.done, fixture.socket.said()]).toEqual([[0], []]);
  });
});

describe('client: gaps', () => {
  it('are told, acked as a whole, and move the frontier', () => {
    const fixture = new ClientFixture();
    fixture.join();
    fixture.socket.said();
    fixture.socket.deliver(1, 5);
    fixture.socket.gap(2, 4);
    expect([fixture.done, fixture.socket.said()]).toEqual([
      [1, 5],
      ['ack 1', 'ack 5', 'ack 2-4'],
    ]);
  });

  it('of one seq are acked like a message', () => {
    const fixture = new ClientFixture();
    fixture.join();
    fixture.socket.said();
    fixture.socket.gap(1, 1, 'nack');
    expect([fixture.told.at(-1), fixture.socket.said()]).toEqual(['gap 1-1 nack', ['ack 1']]);
  });

  it('that could not be remembered are not acked, so that they come again', () => {
    const fixture = new ClientFixture({ profile: { dedupWindow: 3 } });
    fixture.join();
    fixture.socket.said();
    fixture.socket.gap(2, 9);
    expect(fixture.socket.said()).toEqual([]);
    fixture.socket.deliver(1);
    fixture.socket.gap(2, 9);
    fixture.socket.deliver(10);
    expect([fixture.done, fixture.socket.said()]).toEqual([
      [1, 10],
      ['ack 1', 'ack 2-9', 'ack 10'],
    ]);
  });

  it('count as handled in a cumulative ack', () => {
    const fixture = new ClientFixture({ profile: { ack: { mode: 'cumulative', every: 2, delayMs: 20 } } });
    fixture.join();
    fixture.socket.said();
    fixture.socket.gap(1, 7);
    fixture.socket.deliver(8);
    expect(fixture.socket.said()).toEqual(['ack -8']);
  });
});

describe('client: congestion', () => {
  const many = Array.from({ length: 1100 }, (_, index) => index + 1);

  it('stops reading while the inbox is full', () => {
    const fixture = new ClientFixture({ profile: { handlerMs: 1, dedupWindow: 4096 } });
    fixture.join().deliver(...many);
    expect(fixture.socket.reading).toBe(false);
    fixture.time.runFor(1100);
    expect([fixture.socket.reading, fixture.done.length]).toEqual([true, 1100]);
  });

  it('goes on reading only when nobody else wants it paused', () => {
    const fixture = new ClientFixture({ profile: { handlerMs: 1, dedupWindow: 4096 } });
    fixture.join().deliver(...many);
    fixture.client.connector.pauseReading('fault');
    fixture.time.runFor(1100);
    expect(fixture.socket.reading).toBe(false);
    fixture.client.connector.resumeReading('fault');
    expect(fixture.socket.reading).toBe(true);
  });

  it('does not keep the next connection from its welcome', () => {
    const fixture = new ClientFixture({ profile: { handlerMs: 1000, dedupWindow: 4096 } });
    fixture.join().deliver(...many);
    fixture.socket.closed();
    fixture.time.runFor(1000);
    expect([fixture.sockets.length, fixture.socket.reading]).toEqual([2, true]);
    fixture.socket.open();
    fixture.welcome({ resumed: true });
    fixture.socket.deliver(...many.slice(2));
    expect(fixture.socket.reading).toBe(false);
  });

  it('keeps a fault on each new connection', () => {
    const fixture = new ClientFixture({ profile: { readBytesPerSec: 5000 } });
    fixture.client.connector.pauseReading('fault');
    fixture.client.connector.setAnswersPings(false);
    fixture.join();
    expect([fixture.socket.reading, fixture.socket.answerPings, fixture.socket.readLimit]).toEqual([
      false,
      false,
      5000,
    ]);
    fixture.client.connector.resumeReading('fault');
    fixture.client.connector.limitReading(100);
    fixture.rejoin();
    expect([fixture.socket.reading, fixture.socket.answerPings, fixture.socket.readLimit]).toEqual([
      true,
      false,
      100,
    ]);
    fixture.client.connector.limitReading(undefined);
    expect([fixture.socket.readLimit, fixture.socket.state]).toEqual([5000, LinkState.open]);
  });
});
