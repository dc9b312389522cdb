import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../src/broadcaster/store.ts';
import type { Hello, ResumeRequest } from '../../src/protocol/frame.ts';
import { HeldBytes } from '../../src/protocol/held-bytes.ts';
import { Session } from '../../src/protocol/session.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';
import { FakeLink } from '../protocol/fake-link.ts';
import { SETTINGS, SessionBench } from '../protocol/session-bench.ts';

const TTL_MS = 1000;

class Bench {
  readonly time = new VirtualTime();
  readonly expired: string[] = [];
  readonly store: MemoryStore;

  constructor() {
    this.store = new MemoryStore({
      epoch: 'e1',
      ttlMs: TTL_MS,
      clock: this.time,
      timers: this.time,
      expire: (session) => {
        this.expired.push(session.identity.id);
        this.store.remove(session, 'expired');
      },
    });
  }

  /** A session with a socket, whose token is `t`. */
  add(id: string, clientId = 'a'): Session {
    const session = new Session({
      identity: { id, clientId, epoch: 'e1' },
      settings: SETTINGS,
      clock: this.time,
      timers: this.time,
      random: { next: () => 0 },
      observer: new SessionBench(),
      heldBytes: new HeldBytes(SETTINGS.outboxBytesTotalMax),
    });
    session.tokens.renew('t', '');
    session.attach(new FakeLink(), false);
    this.store.add(session);
    return session;
  }

  away(session: Session): void {
    session.detach();
    this.store.away(session);
  }
}

function hello(resume?: Partial<ResumeRequest>, clientId = 'a'): Hello {
  const base = {
    kind: 'hello' as const,
    clientId,
    rooms: [],
    ack: { mode: 'each' as const },
    batch: false,
    gapAcks: true,
  };
  if (resume === undefined) return base;
  return { ...base, resume: { session: 's1', token: 't', epoch: 'e1', lastSeq: 0, ...resume } };
}

describe('store: claims', () => {
  it('give a newcomer a fresh session', () => {
    expect(new Bench().store.claim(hello(), true)).toEqual({ kind: 'fresh' });
  });

  it('give the session back to whoever has its token, absent or not', () => {
    const bench = new Bench();
    const session = bench.add('s1');
    expect(bench.store.claim(hello({}), true)).toEqual({ kind: 'resume', session });
    bench.away(session);
    expect(bench.store.claim(hello({}), true)).toEqual({ kind: 'resume', session });
  });

  it('are refused with the reason', () => {
    const bench = new Bench();
    bench.add('s1');
    expect(bench.store.claim(hello({ epoch: 'e0' }), true)).toEqual({ kind: 'fresh', reason: 'restart' });
    expect(bench.store.claim(hello({ session: 's9' }), true)).toEqual({
      kind: 'fresh',
      reason: 'unknown-session',
    });
    expect(bench.store.claim(hello({ token: 'x' }), true)).toEqual({ kind: 'fresh', reason: 'bad-token' });
    expect(bench.store.claim(hello({}, 'b'), true)).toEqual({ kind: 'fresh', reason: 'bad-token' });
  });

  it('know why a session is no more', () => {
    const bench = new Bench();
    bench.store.remove(bench.add('s1'), 'overflow');
    expect(bench.store.claim(hello({}), true)).toEqual({ kind: 'fresh', reason: 'overflow' });
  });

  it('replace the absent session of a client that does not want it any more', () => {
    const bench = new Bench();
    const session = bench.add('s1');
    bench.away(session);
    expect(bench.store.claim(hello(), true)).toEqual({ kind: 'fresh', replaced: session });
  });

  it('touch neither a connected session nor that of another client', () => {
    const bench = new Bench();
    bench.add('s1');
    bench.away(bench.add('s2', 'b'));
    expect(bench.store.claim(hello(), true)).toEqual({ kind: 'fresh' });
  });

  it('with a wrong token replace nothing', () => {
    const bench = new Bench();
    const session = bench.add('s1');
    bench.away(session);
    expect(bench.store.claim(hello({ token: 'x' }), true)).toEqual({ kind: 'fresh', reason: 'bad-token' });
    expect(bench.store.claim(hello({}), true)).toEqual({ kind: 'resume', session });
  });
});

describe('store: absence', () => {
  it('ends a session after the TTL, and not before', () => {
    const bench = new Bench();
    bench.away(bench.add('s1'));
    bench.time.runFor(TTL_MS - 1);
    expect([bench.expired, bench.store.absent]).toEqual([[], 1]);
    bench.time.runFor(1);
    expect([bench.expired, bench.store.size, bench.store.absent]).toEqual([['s1'], 0, 0]);
    expect(bench.store.claim(hello({}), true)).toEqual({ kind: 'fresh', reason: 'expired' });
  });

  it('gives each its own time', () => {
    const bench = new Bench();
    for (const id of ['s1', 's2', 's3']) {
      bench.away(bench.add(id, id));
      bench.time.runFor(400);
    }
    expect(bench.expired).toEqual(['s1']);
    bench.time.runFor(399);
    expect(bench.expired).toEqual(['s1', 's2']);
    bench.time.runFor(401);
    expect(bench.expired).toEqual(['s1', 's2', 's3']);
  });

  it('counts from the last time that the client left', () => {
    const bench = new Bench();
    const session = bench.add('s1');
    bench.away(session);
    bench.time.runFor(900);
    bench.store.present(session);
    bench.time.runFor(5000);
    expect(bench.expired).toEqual([]);
    bench.away(session);
    bench.time.runFor(999);
    expect(bench.expired).toEqual([]);
    bench.time.runFor(1);
    expect(bench.expired).toEqual(['s1']);
  });

  it('of nobody needs no timer', () => {
    const bench = new Bench();
    const session = bench.add('s1');
    bench.away(session);
    bench.store.remove(session, 'unknown-session');
    bench.time.runFor(TTL_MS);
    expect([bench.expired, bench.time.plannedCount]).toEqual([[], 0]);
  });

  it('ends nothing once the store has stopped', () => {
    const bench = new Bench();
    bench.away(bench.add('s1'));
    bench.store.stop();
    bench.time.runFor(60_000);
    expect([bench.expired, bench.time.plannedCount]).toEqual([[], 0]);
  });
});
