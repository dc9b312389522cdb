import { describe, expect, it } from 'vitest';
import { emptyAnomalyCounts } from '../../src/delivery/anomaly.ts';
import { resourceViolations } from '../../src/delivery/guarantee.ts';
import { splitBySlowness } from '../../src/delivery/slowness.ts';
import type { ProcessUse } from '../../src/load/worker-messages.ts';
import { Histogram } from '../../src/measure/histogram.ts';
import { simulateScenario } from '../../src/run/simulated-run.ts';
import { scenarioSchema } from '../../src/scenario/schema.ts';
import { assembleResult } from '../../src/verdict/assemble.ts';
import type { Result } from '../../src/verdict/result.ts';
import type { RunRecord } from '../../src/verdict/run-record.ts';

const CONTEXT = { file: '', sha256: '', version: '', startedAt: '' };

/** A run with some lost acks, hence redeliveries, and promises about them that it does not keep. */
function record(assertions: readonly string[]): RunRecord {
  const scenario = scenarioSchema.parse({
    server: { delivery: 'effectively-once', outbox: { ackTimeout: '500ms' } },
    clients: [{ count: 4 }],
    publish: [{ rate: '10/s' }],
    duration: { rampUp: '100ms', warmUp: '100ms', load: '2s', settle: '10s' },
    faults: [{ do: 'lose-acks', for: '1s', probability: '50%' }],
    expect: { assert: assertions },
  });
  return simulateScenario({ scenario, seed: 1 });
}

function use(over: Partial<ProcessUse> = {}): ProcessUse {
  const eventLoopDelay = new Histogram().summarise();
  return { cpuShare: 0.1, gcShare: 0, rssBytesMax: 1, eventLoopDelay, stallUsMax: 0, ...over };
}

function judged(over: Partial<RunRecord>, ...assertions: string[]): Result {
  return assembleResult({ ...record(assertions), ...over }, CONTEXT);
}

function statusOf(over: Partial<RunRecord>, assertion: string): string | undefined {
  return judged(over, assertion).assertions[0]?.status;
}

/** As of a server whose event loop stood still for so long once. */
function stalled(ms: number): Partial<RunRecord> {
  return { serverUse: use({ stallUsMax: ms * 1000 }) };
}

describe('a run on a slow machine', () => {
  it('fails for what time decides when nothing was late', () => {
    expect(judged({}, 'broadcast.resent == 0').verdict).toBe('fail');
    expect(statusOf(stalled(100), 'broadcast.resent == 0')).toBe('fail');
  });

  it('is inconclusive about redeliveries when one standstill comes near the ack timeout', () => {
    const result = judged(stalled(200), 'broadcast.resent == 0');
    expect(result).toMatchObject({ verdict: 'inconclusive', exitCode: 5 });
    expect(result.reasons[0]).toMatchObject({
      code: 'assertion-undecided',
      late: {
        code: 'stood-still-near-timeout',
        of: 'server',
        us: 200_000,
        timeout: expect.stringContaining('outbox.ackTimeout'),
        timeoutMs: 500,
      },
    });
    expect(result.generator.longestDelay).toEqual({ of: 'server', us: 200_000 });
  });

  it('finds the standstill in a worker and the slip in the schedule as well', () => {
    const account = { worker: 3, pid: 1, clients: [0], lost: undefined };
    const workers = [{ ...account, use: use({ stallUsMax: 300_000 }) }];
    expect(statusOf({ workers }, 'broadcast.resent == 0')).toBe('inconclusive');
    expect(judged({ workers }).generator.longestDelay).toEqual({ of: 'worker', worker: 3, us: 300_000 });
    const slip = new Histogram();
    for (let sent = 0; sent < 999; sent += 1) slip.record(100);
    slip.record(400_000);
    expect(statusOf({ slip }, 'broadcast.resent == 0')).toBe('inconclusive');
  });

  it('takes a process that waits for a CPU for a suspect, however short each wait is', () => {
    const result = judged({ serverUse: use({ cpuWaitShare: 0.3 }) }, 'broadcast.resent == 0');
    expect(result.generator).toMatchObject({
      status: 'suspect',
      reasons: [{ code: 'waited-for-cpu', of: 'server', share: 0.3 }],
    });
    expect(result.verdict).toBe('inconclusive');
  });

  it.each([
    'delivery.lost.silent != 0',
    'delivery.corrupt > 0',
    'delivery.reordered >= 1',
    'anomalies.silent-loss > 0',
    'faults.lose-acks.fired == 0',
  ])('lets it excuse that too little was seen: %s', (assertion) => {
    expect(statusOf(stalled(2000), assertion)).toBe('inconclusive');
  });

  it.each([
    'delivery.published < 1',
    'broadcast.sent == 0',
    'latency.push.p50 > 1h',
    'latency.push.min > 1h',
  ])('does not let it excuse a value that slowness can only move the other way: %s', (assertion) => {
    expect(statusOf(stalled(2000), assertion)).toBe('fail');
  });

  it('excuses a latency by a standstill as long as it misses its bound, and by no shorter one', () => {
    const push = judged({}).latency.push?.max ?? 0;
    const [bound, missedByMs] = [`latency.push.max < ${Math.floor(push / 2000)}ms`, push / 2000];
    expect(statusOf(stalled(missedByMs + 10), bound)).toBe('inconclusive');
    expect(statusOf(stalled(Math.min(missedByMs - 10, 120)), bound)).toBe('fail');
  });

  it('keeps what was met, except for a time that only slowness made long enough', () => {
    const slip = new Histogram();
    slip.record(5_000_000);
    expect(statusOf({ slip }, 'delivery.duplicates.received > 0')).toBe('pass');
    expect(statusOf({ slip }, 'latency.push.max < 1h')).toBe('pass');
    expect(statusOf({ slip }, 'latency.push.max > 0ms')).toBe('inconclusive');
  });

  it('does not blame the server for what a late timer or a late ack may have caused', () => {
    const allKinds = { stuck: 2, undetected: 8, misdetected: 1, leak: 1, 'missing-backoff': 1 };
    const violations = [
      ...resourceViolations({ ...emptyAnomalyCounts(), ...allKinds }),
      { code: 'guarantee-broken', broken: 'stuck', direction: 'down', level: 'at-least-once', count: 2 },
      { code: 'loss-not-allowed', reason: 'overflow', direction: 'down', level: 'at-least-once', count: 3 },
    ] as const;
    const late = { code: 'schedule-slipped', p99Us: 90_000 } as const;
    const split = splitBySlowness(violations, late);
    expect(split.certain).toEqual([]);
    expect(split.undecided).toContainEqual({
      code: 'violation-undecided',
      kind: 'undetected',
      count: 8,
      late,
    });
    expect(splitBySlowness(violations, undefined)).toEqual({ certain: [...violations], undecided: [] });
  });

  it('blames it all the same for what needs no clock', () => {
    const level = 'effectively-once';
    const violations = [
      ...resourceViolations({ ...emptyAnomalyCounts(), 'limit-exceeded': 1 }),
      { code: 'loss-not-allowed', reason: 'restart', direction: 'down', level, count: 3 },
      ...(
        ['silent-loss', 'corrupt', 'reorder', 'duplicate', 'false-resume', 'unsound-ack', 'filled'] as const
      ).map((broken) => ({ code: 'guarantee-broken', broken, direction: 'down', level, count: 1 }) as const),
    ] as const;
    const split = splitBySlowness(violations, { code: 'schedule-slipped', p99Us: 90_000 });
    expect(split).toEqual({ certain: [...violations], undecided: [] });
  });

  it('is inconclusive where an outbox was full because its client was late, and fails on a good machine', () => {
    const scenario = scenarioSchema.parse({
      server: { outbox: { ackTimeout: '500ms', maxPending: 5 } },
      clients: [{ count: 4 }],
      publish: [{ rate: '10/s' }],
      duration: { rampUp: '100ms', warmUp: '100ms', load: '4s', settle: '10s' },
      faults: [{ do: 'pause-reader', at: '500ms', for: '2s' }],
    });
    const run = simulateScenario({ scenario, seed: 1 });
    expect(assembleResult(run, CONTEXT)).toMatchObject({ verdict: 'fail', exitCode: 3 });
    const result = assembleResult({ ...run, ...stalled(400) }, CONTEXT);
    expect(result).toMatchObject({ verdict: 'inconclusive', guarantee: { status: 'inconclusive' } });
    expect(result.delivery.lost.reported).toBeGreaterThan(0);
  });
});
