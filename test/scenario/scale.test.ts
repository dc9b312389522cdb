import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scaleClients } from '../../src/scenario/scale.ts';
import type { Scenario } from '../../src/scenario/schema.ts';
import { scenarioOf } from './sample.ts';

const BASE = `clients: [{ profile: a, count: 70 }, { profile: b, count: 20 }, { profile: c, count: 10 }]
faults:
  - { do: drop, clients: { profile: a, count: 35 } }
  - { do: drop, clients: { ids: [0, 60] } }
  - { do: drop, clients: { share: 10% } }
`;

function scaled(total: number): Scenario {
  const scaling = scaleClients(scenarioOf(BASE), total);
  if (!scaling.ok) throw new Error(scaling.message);
  return scaling.scenario;
}

function counts(scenario: Scenario): readonly number[] {
  return scenario.clients.map(({ count }) => count);
}

describe('scaling the clients of a scenario', () => {
  it.each([
    [1000, [700, 200, 100]],
    [10, [7, 2, 1]],
    [15, [11, 3, 1]],
    [3, [1, 1, 1]],
    [4, [2, 1, 1]],
  ])('to %d keeps the proportions of the profiles', (total, expected) => {
    expect(counts(scaled(total))).toEqual(expected);
  });

  it('reaches exactly the total with every profile alive', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 5000 }), (total) => {
        const shares = counts(scaled(total));
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(total);
        expect(Math.min(...shares)).toBeGreaterThan(0);
      }),
    );
  });

  it('scales selectors with a count, drops ids that are gone and leaves shares alone', () => {
    expect(scaled(50).faults.map(({ clients }) => clients)).toEqual([
      { profile: 'a', count: 18 },
      { ids: [0] },
      { share: 0.1 },
    ]);
  });

  it.each([
    [2, 'Cannot simulate "2" clients: 3 (one for each profile) to 200000 are wanted'],
    [10_000_000, 'Cannot simulate "10000000" clients: 3 (one for each profile) to 200000 are wanted'],
    [1.5, 'Cannot simulate "1.5" clients: 3 (one for each profile) to 200000 are wanted'],
  ])('to %d is refused', (total, message) => {
    expect(scaleClients(scenarioOf(BASE), total)).toEqual({ ok: false, message });
  });

  it('is refused when a selector by ids is left with nobody', () => {
    const scenario = scenarioOf('clients: [{ count: 100 }]\nfaults: [{ do: drop, clients: { ids: [99] } }]');
    expect(scaleClients(scenario, 50)).toEqual({
      ok: false,
      message: 'Cannot simulate "50" clients: fault 1 selects by ids, and none of them remains',
    });
  });
});
