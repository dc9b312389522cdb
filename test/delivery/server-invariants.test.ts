import { describe, expect, it } from 'vitest';
import { emptyAnomalyCounts, mergeAnomalyCounts } from '../../src/delivery/anomaly.ts';
import {
  detectionBudgetUs,
  type InvariantObservations,
  judgeInvariants,
  shortestSilenceUs,
} from '../../src/delivery/server-invariants.ts';

function found(seen: InvariantObservations): object[] {
  return judgeInvariants(seen, 0).anomalies.map(({ kind, client, cause }) => ({ kind, client, ...cause }));
}

describe('liveness', () => {
  const session = { client: 1, endUs: 10_000_000, patienceUs: 2_000_000 };

  it('is broken by a session with messages pending that has stopped to advance', () => {
    expect(found({ liveness: [{ ...session, pending: 3, advancedUs: 7_000_000 }] })).toEqual([
      { kind: 'stuck', client: 1, code: 'nothing-moved', pending: 3, idleUs: 3_000_000 },
    ]);
  });

  it('is kept by a session that still advances, and by one with nothing pending', () => {
    expect(found({ liveness: [{ ...session, pending: 3, advancedUs: 9_000_000 }] })).toEqual([]);
    expect(found({ liveness: [{ ...session, pending: 0, advancedUs: 0 }] })).toEqual([]);
  });
});

describe('bounds', () => {
  it('are broken above the cap, with room for the one addition that passes it', () => {
    const outbox = { what: 'outbox', cap: 1000 } as const;
    expect(found({ bounds: [{ ...outbox, seenMax: 1001 }] })).toEqual([
      {
        kind: 'limit-exceeded',
        client: undefined,
        code: 'over-limit',
        what: 'outbox',
        seen: 1001,
        limit: 1000,
      },
    ]);
    expect(found({ bounds: [{ ...outbox, seenMax: 1000 }] })).toEqual([]);
    const buffer = { what: 'socket-buffer', cap: 1000, slack: 300 } as const;
    expect(found({ bounds: [{ ...buffer, seenMax: 1300 }] })).toEqual([]);
    expect(found({ bounds: [{ ...buffer, seenMax: 1301 }] })).toHaveLength(1);
  });

  it('include time: a session kept after its TTL is a leak', () => {
    const kept = { client: 1, disconnectedUs: 0, ttlUs: 30_000_000, graceUs: 1_000_000 };
    expect(found({ keptSessions: [{ ...kept, seenUs: 31_000_000 }] })).toEqual([]);
    expect(found({ keptSessions: [{ ...kept, seenUs: 32_000_000 }] })).toEqual([
      { kind: 'leak', client: 1, code: 'session-kept', keptUs: 32_000_000, ttlUs: 30_000_000 },
    ]);
  });

  it('include what has to be given back after the faults', () => {
    const sessions = { what: 'sessions', before: 100, tolerance: 5, atUs: 9 } as const;
    expect(found({ baselines: [{ ...sessions, after: 105 }] })).toEqual([]);
    expect(found({ baselines: [{ ...sessions, after: 106 }] })).toEqual([
      { kind: 'leak', client: undefined, code: 'not-given-back', what: 'sessions', before: 100, after: 106 },
    ]);
  });
});

describe('detection', () => {
  const heartbeat = { intervalMs: 1000, timeoutMs: 500, missed: 2, minRate: 32_768 };
  const silent = {
    client: 1,
    silentFromUs: 0,
    watchedUntilUs: 9_000_000,
    budgetUs: detectionBudgetUs(heartbeat, 0),
  };

  it('has a budget of one interval more than may be missed, and the timeout', () => {
    expect(detectionBudgetUs(heartbeat, 0)).toBe(3_500_000);
    expect(shortestSilenceUs(heartbeat, 0)).toBe(1_500_000);
  });

  it('has a budget that grows with what the client may not have read yet', () => {
    expect(detectionBudgetUs(heartbeat, 65_536)).toBe(5_500_000);
    // Two seconds to read it and one timeout, which is more than a second and a timeout.
    expect(shortestSilenceUs(heartbeat, 65_536)).toBe(2_500_000);
    // Half a second to read it is over before the last ping is.
    expect(shortestSilenceUs(heartbeat, 16_384)).toBe(1_500_000);
  });

  it('fails for a silent connection that is closed too late or never', () => {
    expect(found({ silentConnections: [{ ...silent, closedUs: 3_500_000 }] })).toEqual([]);
    expect(found({ silentConnections: [{ ...silent, closedUs: 4_000_000 }, silent] })).toEqual([
      { kind: 'undetected', client: 1, code: 'closed-late', silentUs: 4_000_000, allowedUs: 3_500_000 },
      { kind: 'undetected', client: 1, code: 'still-open', silentUs: 9_000_000, allowedUs: 3_500_000 },
    ]);
  });

  it('says nothing of a silence that ended before the budget was spent', () => {
    expect(found({ silentConnections: [{ ...silent, watchedUntilUs: 3_000_000 }] })).toEqual([]);
  });

  it('fails for a slow connection that is closed although it showed life', () => {
    const slow = { client: 2, lastSentUs: 1_000_000, patienceUs: shortestSilenceUs(heartbeat, 0) };
    expect(found({ slowConnections: [{ ...slow, closedUs: 2_500_000 }] })).toEqual([]);
    expect(found({ slowConnections: [{ ...slow, closedUs: 1_200_000 }] })).toEqual([
      { kind: 'misdetected', client: 2, code: 'closed-alive', silentUs: 200_000, neededUs: 1_500_000 },
    ]);
  });
});

describe('eviction', () => {
  const full = { client: 1, atUs: 0, pending: 100, cap: 100 };

  it('is for clients whose outbox is full, and for no others', () => {
    expect(found({ evictions: [full] })).toEqual([]);
    expect(found({ evictions: [{ ...full, pending: 11 }] })).toEqual([
      { kind: 'misdetected', client: 1, code: 'evicted-early', pending: 11, limit: 100 },
    ]);
  });
});

describe('ownership', () => {
  const takeover = { client: 1, ownedUs: 100, olderClosedUs: 90, sentOnOlder: 0, ackedOnOlder: 0 };

  it('passes from one connection to the other', () => {
    expect(found({ takeovers: [takeover] })).toEqual([]);
  });

  it('is broken by an older connection that goes on', () => {
    expect(found({ takeovers: [{ ...takeover, olderClosedUs: 101 }] })).toMatchObject([
      { code: 'older-closed-late' },
    ]);
    expect(found({ takeovers: [{ ...takeover, sentOnOlder: 2, ackedOnOlder: 1 }] })).toEqual([
      { kind: 'split-ownership', client: 1, code: 'older-still-used', sent: 2, acked: 1 },
    ]);
    const { olderClosedUs, ...open } = takeover;
    expect(olderClosedUs).toBe(90);
    expect(found({ takeovers: [open] })).toEqual([
      { kind: 'split-ownership', client: 1, code: 'older-never-closed', sent: 0, acked: 0 },
    ]);
  });
});

describe('what only the client can tell', () => {
  it('is that somebody else has taken over its session', () => {
    expect(found({ hijacks: [{ client: 1, closedUs: 7000 }] })).toEqual([
      { kind: 'split-ownership', client: 1, code: 'taken-by-another' },
    ]);
  });

  it('is that it came back sooner than it should have', () => {
    const row = { client: 1, waits: 3, waitedUs: 150_000, backoffUs: 350_000, atUs: 900 };
    expect(found({ returns: [row] })).toEqual([
      {
        kind: 'missing-backoff',
        client: 1,
        code: 'waited-too-short',
        waits: 3,
        waitedUs: 150_000,
        backoffUs: 350_000,
      },
    ]);
  });
});

describe('judgeInvariants', () => {
  it('counts everything and keeps a limited number of examples, with their timeline', () => {
    const bounds = Array.from({ length: 50 }, () => ({ what: 'outbox', seenMax: 2, cap: 1 }) as const);
    const liveness = [{ client: 1, pending: 1, advancedUs: 2000, endUs: 9000, patienceUs: 1000 }];
    const { anomalies, anomalyCounts } = judgeInvariants({ bounds, liveness }, 1000);
    expect(anomalyCounts).toMatchObject({ 'limit-exceeded': 50, stuck: 1, leak: 0 });
    expect(anomalies).toHaveLength(33);
    expect(anomalies[0]?.timeline).toEqual([
      { atMs: 1, code: 'last-advance' },
      { atMs: 8, code: 'drain-ended', pending: 1 },
    ]);
    expect(mergeAnomalyCounts(anomalyCounts, { ...emptyAnomalyCounts(), stuck: 4 }).stuck).toBe(5);
  });
});
