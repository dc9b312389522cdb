import { describe, expect, it } from 'vitest';
import { leakAfterTtl } from '../../src/mutants/leak-after-ttl.ts';
import { simulateScenario } from '../../src/run/simulated-run.ts';
import type { NewBroadcaster } from '../../src/server/reference-server.ts';
import { assembleResult } from '../../src/verdict/assemble.ts';
import { judgeRun } from '../../src/verdict/judge-run.ts';
import type { Result } from '../../src/verdict/result.ts';
import { scenarioOf } from '../scenario/sample.ts';

/** Everybody is gone for good just before the load ends, when no session can have expired yet. */
function allGone(settle: string, newBroadcaster?: NewBroadcaster): Result {
  const scenario = scenarioOf(`
name: all-gone
clients: [{profile: all, count: 10, rooms: ['*']}]
publish: [{room: '*', rate: 10/s}]
faults: [{at: 1900ms, do: never-return}]
server: {resumeTtl: 3s}
duration: {load: 2s, settle: ${settle}}
expect:
  allowReported: [session-expired]
  assert: [anomalies.leak == 0, saturation.sessions.final == 0, saturation.sessions.final <= 10]
`);
  const record = simulateScenario({ scenario, ...(newBroadcaster === undefined ? {} : { newBroadcaster }) });
  const context = { file: 'all-gone.yaml', sha256: '', version: '0', startedAt: '' };
  return assembleResult(record, context, judgeRun(record));
}

describe('the drain', () => {
  it('waits for the sessions of clients that never return to expire', () => {
    const { saturation, anomalyCounts, assertions, verdict } = allGone('20s');
    expect(saturation.sessions?.final).toBe(0);
    expect(anomalyCounts.leak).toBe(0);
    expect(assertions.map(({ status }) => status)).toEqual(['pass', 'pass', 'pass']);
    expect(verdict).toBe('pass');
  });

  it('ends soon after their time at a server that keeps them, which shows as a leak', () => {
    const { saturation, anomalyCounts, assertions, environment } = allGone(
      '20s',
      leakAfterTtl.newBroadcaster,
    );
    expect(saturation.sessions?.final).toBe(10);
    expect(anomalyCounts.leak).toBe(10);
    expect(assertions.map(({ status }) => status)).toEqual(['fail', 'fail', 'pass']);
    expect(environment.durationMs).toBeLessThan(10_000);
  });

  it('does not wait for what its settle time is too short to show, which leaves claims about it without data', () => {
    const { saturation, assertions, environment, verdict, reasons } = allGone('1s');
    expect(saturation.sessions?.final).toBe(10);
    // Fewer sessions can only meet the last one better.
    expect(assertions.map(({ status }) => status)).toEqual(['no-data', 'no-data', 'pass']);
    expect(verdict).toBe('inconclusive');
    expect(reasons).toContainEqual({ code: 'sessions-unexpired', count: 10 });
    // Warm-up and load take three seconds.
    expect(environment.durationMs).toBeLessThan(5500);
  });
});
