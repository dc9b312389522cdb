import { describe, expect, it } from 'vitest';
import { withoutProcess } from '../../src/run/simulatable.ts';
import { simulateScenario } from '../../src/run/simulated-run.ts';
import { METRICS } from '../../src/scenario/metric.ts';
import { scenarioSchema } from '../../src/scenario/schema.ts';
import { assembleResult } from '../../src/verdict/assemble.ts';

function scenarioWith(assert: readonly string[]) {
  return scenarioSchema.parse({
    name: 'simulatable',
    duration: { rampUp: '10ms', load: '200ms' },
    clients: [{ profile: 'timers', count: 2 }],
    publish: [{ rate: '20/s' }],
    expect: { assert },
  });
}

describe('withoutProcess', () => {
  it('omits the assertions about a process, by the metric and not by how they are written', () => {
    const ofProcess = [
      'saturation.rss.max < 100MiB',
      '  saturation.timers.final  ==  0',
      'saturation.eventLoopDelay.p99 < 1s',
    ];
    const others = ['saturation.sessions.final == 2', 'latency.push{profile:timers}.p99 < 1s'];
    const { scenario, omitted } = withoutProcess(scenarioWith([...ofProcess, ...others]));
    expect(omitted).toEqual(ofProcess);
    expect(scenario.expect.assert).toEqual(others);
  });

  it('omits exactly the saturation metrics of which virtual time has no samples', () => {
    const result = assembleResult(simulateScenario({ scenario: scenarioWith([]) }), {
      file: 'x.yaml',
      sha256: '',
      version: '0.0.0',
      startedAt: '',
    });
    const saturation = METRICS.filter(({ path }) => path[0] === 'saturation');
    expect(saturation.length).toBeGreaterThan(5);
    const sampled = saturation.filter(({ path }) => path[1] !== undefined && path[1] in result.saturation);
    expect(saturation.filter(({ ofProcess }) => !ofProcess)).toEqual(sampled);
  });
});
