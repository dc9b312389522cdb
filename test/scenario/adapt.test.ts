import { describe, expect, it } from 'vitest';
import { adaptClients } from '../../src/scenario/adapt.ts';
import { parseScenario } from '../../src/scenario/parse.ts';
import { type Scenario, scenarioSchema } from '../../src/scenario/schema.ts';
import { clientsOf } from '../../src/scenario/timeline.ts';

const SCENARIO = scenarioSchema.parse({
  clients: [
    { profile: 'calm', count: 900, rooms: ['ticks'] },
    { profile: 'flaky', count: 100 },
  ],
  publish: [{ room: 'ticks', rate: '20/s' }],
  faults: [{ do: 'drop', at: '1s', clients: { profile: 'flaky', count: 20 } }],
});

function usedAt(speed: number, scenario: Scenario = SCENARIO): number {
  return clientsOf(adaptClients(scenario, speed)).count;
}

describe('adaptClients', () => {
  it('leaves a scenario alone that the machine can take', () => {
    expect(adaptClients(SCENARIO, 1)).toBe(SCENARIO);
  });

  it('takes fewer clients the slower the machine is, in the same proportions', () => {
    const half = adaptClients(SCENARIO, 0.25);
    expect(half.clients[1]?.count).toBe(Math.round(clientsOf(half).count / 10));
    expect(half.faults[0]?.clients?.count).toBe(Math.round((half.clients[1]?.count ?? 0) / 5));
    expect(usedAt(0.25)).toBeLessThan(usedAt(0.5));
    expect(usedAt(0.5)).toBeLessThan(1000);
  });

  it('keeps enough for every profile and fault, and never takes more than the scenario has', () => {
    expect(usedAt(0)).toBe(100);
    const few = scenarioSchema.parse({ clients: [{ count: 40 }], publish: [{ rate: '10/s' }] });
    expect(usedAt(0, few)).toBe(40);
  });

  it('plans by what the clients of the room are sent', () => {
    const quiet = { ...SCENARIO, publish: SCENARIO.publish.map((stream) => ({ ...stream, rate: 2 })) };
    expect(adaptClients(quiet, 0.25)).toBe(quiet);
  });

  it('is refused for a rate that no machine is fast enough for', () => {
    const text = 'name: flood\nadapt: true\npublish:\n  - { rate: max }\n';
    const outcome = parseScenario(text, { file: 'flood.yaml' });
    expect(outcome.ok ? [] : outcome.problems.map(({ message }) => message)).toEqual([
      'Cannot adapt to the machine: at rate max any machine is too slow, a rate per second is wanted',
    ]);
  });
});
