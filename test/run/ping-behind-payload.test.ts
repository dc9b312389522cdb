import { describe, expect, it } from 'vitest';
import { simulateScenario } from '../../src/run/simulated-run.ts';
import { assembleResult } from '../../src/verdict/assemble.ts';
import { judgeRun } from '../../src/verdict/judge-run.ts';
import type { Result } from '../../src/verdict/result.ts';
import { scenarioOf } from '../scenario/sample.ts';

function run(text: string): Result {
  const scenario = scenarioOf(`
name: ping-behind-payload
clients: [{count: 20, rooms: [ticks], read: 64KiB/s}]
server: {heartbeat: {interval: 1s, timeout: 500ms, missed: 2}, outbox: {ackTimeout: 20s}}
${text}
`);
  const record = simulateScenario({ scenario });
  const context = { file: 'ping-behind-payload.yaml', sha256: '', version: '0', startedAt: '' };
  return assembleResult(record, context, judgeRun(record));
}

describe('a large message in front of a ping', () => {
  it('does not get a client closed that is still reading it', () => {
    const { verdict, broadcast, latency, anomalyCounts } = run(`
publish: [{room: ticks, rate: 0.5/s, size: 512KiB}]
duration: {load: 2s, settle: 30s}
`);
    expect([verdict, broadcast?.detectedStale, anomalyCounts.misdetected]).toEqual(['pass', 0, 0]);
    expect(latency.push?.p50).toBeGreaterThan(7_000_000);
  });

  it('delays the end of a client that is gone by the time for reading it at the least rate, and no more', () => {
    const { broadcast, anomalyCounts } = run(`
publish: [{room: ticks, rate: 0.05/s, size: 256KiB}]
duration: {warmUp: 0ms, load: 20s, settle: 30s}
faults: [{at: 1s, for: 16s, do: half-open}]
`);
    // Eight seconds for the message at 32 KiB/s, and 2.5 to 3.5 as ever: before the silence ends.
    expect([broadcast?.detectedStale, anomalyCounts.undetected, anomalyCounts.misdetected]).toEqual([
      20, 0, 0,
    ]);
  });
});
