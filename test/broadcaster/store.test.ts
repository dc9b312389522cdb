import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../src/broadcaster/store.ts';
import type { Hello, ResumeRequest } from '../../src/protocol/frame.ts';
import { HeldBytes } from '../../src/protocol/held-bytes.ts';
import { Session } from '../../src/protocol/session.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';
import { FakeLink } from '../protocol/fake-link.ts';
import { SETTINGS, SessionFixture } from '../protocol/session-fixture.ts';

const TTL_MS = 1000;

class Fixture {
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
      observer: new SessionFixture(),
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
    expect(new Fixture().store.claim(hello(), true)).toEqual({ kind: 'fresh' });
  });

  it('give the session back to whoever has its token, absent or not', () => {
    const fixture = new Fixture();
    const session = fixture.add('s1');
    expect(fixture.store.claim(hello({}), true)).toEqual({ kind: 'resume', session });
    fixture.away(session);
    expect(fixture.store.claim(hello({}), true)).toEqual({ kind: 'resume', session });
  });

  it('are refused with the reason', () => {
    const fixture = new Fixture();
    fixture.add('s1');
    expect(fixture.store.claim(hello({ epoch: 'e0' }), true)).toEqual({ kind: 'fresh', reason: 'restart' });
    expect(fixture.store.claim(hello({ session: 's9' }), true)).toEqual({
      kind: 'fresh',
      reason: 'unknown-session',
    });
    expect(fixture.store.claim(hello({ token: 'x' }), true)).toEqual({ kind: 'fresh', reason: 'bad-token' });
    expect(fixture.store.claim(hello({}, 'b'), true)).toEqual({ kind: 'fresh', reason: 'bad-token' });
  });

  it('know why a session is no more', () => {
    const fixture = new Fixture();
    fixture.store.remove(fixture.add('s1'), 'overflow');
    expect(fixture.store.claim(hello({}), true)).toEqual({ kind: 'fresh', reason: 'overflow' });
  });

  it('replace the absent session of a client that does not want it any more', () => {
    const fixture = new Fixture();
    const session = fixture.add('s1');
    fixture.away(session);
    expect(fixture.store.claim(hello(), true)).toEqual({ kind: 'fresh', replaced: session });
  });

  it('touch neither a connected session nor that of another client', () => {
    const fixture = new Fixture();
    fixture.add('s1');
    fixture.away(fixture.add('s2', 'b'));
    expect(fixture.store.claim(hello(), true)).toEqual({ kind: 'fresh' });
  });

  it('with a wrong token replace nothing', () => {
    const fixture = new Fixture();
    const session = fixture.add('s1');
    fixture.away(session);
    expect(fixture.store.claim(hello({ token: 'x' }), true)).toEqual({ kind: 'fresh', reason: 'bad-token' });
    expect(fixture.store.claim(hello({}), true)).toEqual({ kind: 'resume', session });
  });
});

describe('store: absence', () => {
  it('ends a session after the TTL, and not before', () => {
    const fixture = new Fixture();
    fixture.away(fixture.add('s1'));
    fixture.time.runFor(TTL_MS - 1);
    expect([fixture.expired, fixture.store.absent]).toEqual([[], 1]);
    fixture.time.runFor(1);
    expect([fixture.expired, fixture.store.size, fixture.store.absent]).toEqual([['s1'], 0, 0]);
    expect(fixture.store.claim(hello({}), true)).toEqual({ kind: 'fresh', reason: 'expired' });
  });

  it('gives each its own time', () => {
    const fixture = new Fixture();
    for (const id of ['s1', 's2', 's3']) {
      fixture.away(fixture.add(id, id));
      fixture.time.runFor(400);
    }
    expect(fixture.expired).toEqual(['s1']);
    fixture.time.runFor(399);
    expect(fixture.expired).toEqual(['s1', 's2']);
    fixture.time.runFor(401);
    expect(fixture.expired).toEqual(['s1', 's2', 's3']);
  });

  it('counts from the last time that the client left', () => {
    const fixture = new Fixture();
    const session = fixture.add('s1');
    fixture.away(session);
    fixture.time.runFor(900);
    fixture.store.present(session);
    fixture.time.runFor(5000);
    expect(fixture.expired).toEqual([]);
    fixture.away(session);
    fixture.time.runFor(999);
    expect(fixture.expired).toEqual([]);
    fixture.time.runFor(1);
    expect(fixture.expired).toEqual(['s1']);
  });

  it('of nobody needs no timer', () => {
    const fixture = new Fixture();
    const session = fixture.add('s1');
    fixture.away(session);
    fixture.store.remove(session, 'unknown-session');
    fixture.time.runFor(TTL_MS);
    expect([fixture.expired, fixture.time.plannedCount]).toEqual([[], 0]);
  });

  it('ends nothing once the store has stopped', () => {
    const fixture = new Fixture();
    fixture.away(fixture.add('s1'));
    fixture.store.stop();
    fixture.time.runFor(60_000);
    expect([fixture.expired, fixture.time.plannedCount]).toEqual([[], 0]);
  });
});
