import { describe, expect, it } from 'vitest';
import { emptyAnomalyCounts, mergeAnomalyCounts } from '../../src/delivery/anomaly.ts';
import {
  type ConductObservations,
  detectionBudgetUs,
  judgeConduct,
  shortestSilenceUs,
} from '../../src/delivery/conduct.ts';

function found(seen: ConductObservations): string[] {
  return judgeConduct(seen, 0).anomalies.map(({ kind, session, cause }) => `${kind} ${session}: ${cause}`);
}

describe('liveness', () => {
  const session = { session: 'c1', endUs: 10_000_000, patienceUs: 2_000_000 };

  it('is broken by a session with messages pending that has stopped to advance', () => {
    expect(found({ liveness: [{ ...session, pending: 3, advancedUs: 7_000_000 }] })).toEqual([
      'stuck c1: 3 messages pending, and nothing moved for 3000ms',
    ]);
  });

  it('is kept by a session that still advances, and by one with nothing pending', () => {
    expect(found({ liveness: [{ ...session, pending: 3, advancedUs: 9_000_000 }] })).toEqual([]);
    expect(found({ liveness: [{ ...session, pending: 0, advancedUs: 0 }] })).toEqual([]);
  });
});

describe('bounds', () => {
  it('are broken above the cap, with room for the one addition that passes it', () => {
    const outbox = { session: 'c1', what: 'outbox messages', cap: 1000 };
    expect(found({ bounds: [{ ...outbox, seenMax: 1001 }] })).toEqual([
      'limit-exceeded c1: outbox messages reached 1001, its limit is 1000',
    ]);
    expect(found({ bounds: [{ ...outbox, seenMax: 1000 }] })).toEqual([]);
    const buffer = { session: 'c1', what: 'buffer bytes', cap: 1000, slack: 300 };
    expect(found({ bounds: [{ ...buffer, seenMax: 1300 }] })).toEqual([]);
    expect(found({ bounds: [{ ...buffer, seenMax: 1301 }] })).toHaveLength(1);
  });

  it('include time: a session kept after its TTL is a leak', () => {
    const kept = { session: 'c1', disconnectedUs: 0, ttlUs: 30_000_000, graceUs: 1_000_000 };
    expect(found({ keptSessions: [{ ...kept, seenUs: 31_000_000 }] })).toEqual([]);
    expect(found({ keptSessions: [{ ...kept, seenUs: 32_000_000 }] })).toEqual([
      'leak c1: kept 32000ms without a connection, its TTL is 30000ms',
    ]);
  });

  it('include what has to be given back after the faults', () => {
    const sessions = { what: 'sessions', before: 100, tolerance: 5, atUs: 9 };
    expect(found({ baselines: [{ ...sessions, after: 105 }] })).toEqual([]);
    expect(found({ baselines: [{ ...sessions, after: 106 }] })).toEqual([
      'leak : sessions: 100 before the faults, 106 after everything healed',
    ]);
  });
});

describe('detection', () => {
  const heartbeat = { intervalMs: 1000, timeoutMs: 500, missed: 2 };
  const silent = {
    session: 'c1',
    silentFromUs: 0,
    watchedUntilUs: 9_000_000,
    budgetUs: detectionBudgetUs(heartbeat),
  };

  it('has a budget of one interval more than may be missed, and the timeout', () => {
    expect(detectionBudgetUs(heartbeat)).toBe(3_500_000);
    expect(shortestSilenceUs(heartbeat)).toBe(1_500_000);
  });

  it('fails for a silent connection that is closed too late or never', () => {
    expect(found({ silentConnections: [{ ...silent, closedUs: 3_500_000 }] })).toEqual([]);
    expect(found({ silentConnections: [{ ...silent, closedUs: 4_000_000 }, silent] })).toEqual([
      'undetected c1: closed only after 4000ms of silence, the heartbeat allows 3500ms',
      'undetected c1: still open after 9000ms of silence, the heartbeat allows 3500ms',
    ]);
  });

  it('says nothing of a silence that ended before the budget was spent', () => {
    expect(found({ silentConnections: [{ ...silent, watchedUntilUs: 3_000_000 }] })).toEqual([]);
  });

  it('fails for a slow connection that is closed although it showed life', () => {
    const slow = { session: 'c2', lastSentUs: 1_000_000, patienceUs: shortestSilenceUs(heartbeat) };
    expect(found({ slowConnections: [{ ...slow, closedUs: 2_500_000 }] })).toEqual([]);
    expect(found({ slowConnections: [{ ...slow, closedUs: 1_200_000 }] })).toEqual([
      'misdetected c2: closed by the heartbeat 200ms after it had shown life, it takes 1500ms to miss enough pongs',
    ]);
  });
});

describe('eviction', () => {
  const full = { session: 'c1', atUs: 0, pending: 100, cap: 100 };

  it('is for clients whose outbox is full, and for no others', () => {
    expect(found({ evictions: [full] })).toEqual([]);
    expect(found({ evictions: [{ ...full, pending: 11 }] })).toEqual([
      'misdetected c1: put out as too slow with 11 messages pending, its outbox takes 100',
    ]);
  });
});

describe('ownership', () => {
  const takeover = { session: 'c1', ownedUs: 100, olderClosedUs: 90, sentOnOlder: 0, ackedOnOlder: 0 };

  it('passes from one connection to the other', () => {
    expect(found({ takeovers: [takeover] })).toEqual([]);
  });

  it('is broken by an older connection that goes on', () => {
    expect(found({ takeovers: [{ ...takeover, olderClosedUs: 101 }] })).toHaveLength(1);
    expect(found({ takeovers: [{ ...takeover, sentOnOlder: 2, ackedOnOlder: 1 }] })).toEqual([
      'split-ownership c1: 2 messages were still sent on the older connection; 1 acks of the older connection still counted',
    ]);
    const { olderClosedUs, ...open } = takeover;
    expect(olderClosedUs).toBe(90);
    expect(found({ takeovers: [open] })).toEqual([
      'split-ownership c1: the older connection was never closed',
    ]);
  });
});

describe('what only the client can tell', () => {
  it('is that somebody else has taken over its session', () => {
    expect(found({ strangers: [{ session: 'c1', closedUs: 7000 }] })).toEqual([
      'split-ownership c1: somebody else took the session over: the client had opened no other connection',
    ]);
  });

  it('is that it came back sooner than it should have', () => {
    const row = { session: 'c1', waits: 3, waitedUs: 150_000, backoffUs: 350_000, atUs: 900 };
    expect(found({ returns: [row] })).toEqual([
      'missing-backoff c1: 3 waits before it tried to connect again took 150ms together, its backoff says up to 350ms',
    ]);
  });
});

describe('judgeConduct', () => {
  it('counts everything and keeps a limited number of examples, with their timeline', () => {
    const bounds = Array.from({ length: 50 }, (_, n) => ({
      session: `c${n}`,
      what: 'outbox',
      seenMax: 2,
      cap: 1,
    }));
    const liveness = [{ session: 'c1', pending: 1, advancedUs: 2000, endUs: 9000, patienceUs: 1000 }];
    const { anomalies, anomalyCounts } = judgeConduct({ bounds, liveness }, 1000);
    expect(anomalyCounts).toMatchObject({ 'limit-exceeded': 50, stuck: 1, leak: 0 });
    expect(anomalies).toHaveLength(33);
    expect(anomalies[0]?.timeline).toEqual([
      { atMs: 1, event: 'last advance' },
      { atMs: 8, event: 'end of the drain with 1 pending' },
    ]);
    expect(mergeAnomalyCounts(anomalyCounts, { ...emptyAnomalyCounts(), stuck: 4 }).stuck).toBe(5);
  });
});
