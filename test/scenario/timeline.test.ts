import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlannedFault } from '../../src/faults/fault.ts';
import { clientsOf, planFaults, publishInstants, subscribedStreams } from '../../src/scenario/timeline.ts';
import { randomOf, scenarioOf } from './sample.ts';

const CLIENTS =
  'clients: [{ profile: fast, count: 90, rooms: [news] }, { profile: slow, count: 10, rooms: [sport] }]\n';

function plan(faults: string, seed = ''): readonly PlannedFault[] {
  return planFaults(scenarioOf(`${CLIENTS}faults:\n${faults}`), (name) => randomOf(`${seed}${name}`));
}

describe('clients', () => {
  it('are numbered over all profiles in the order of the file', () => {
    const roster = clientsOf(scenarioOf(CLIENTS));
    expect(roster.count).toBe(100);
    expect([0, 89, 90, 99].map(roster.profileOf)).toEqual([0, 0, 1, 1]);
    expect(roster.rangeOf(1)).toEqual({ first: 90, end: 100 });
    expect(() => roster.profileOf(100)).toThrow('Cannot find client "100"');
    expect(() => roster.rangeOf(2)).toThrow('Cannot find profile "2"');
  });

  it('are owed the probe, the room of everybody and the rooms they join', () => {
    const scenario = scenarioOf(`${CLIENTS}publish: [{ room: "*" }, { room: news }, { room: sport }]\n`);
    expect(subscribedStreams(scenario, 0)).toEqual([true, true, true, false]);
    expect(subscribedStreams(scenario, 1)).toEqual([true, true, false, true]);
  });
});

describe('planned faults', () => {
  it('are listed by instant with their clients, span and values', () => {
    const planned = plan(`
  - { at: 3s, for: 4s, clients: { profile: slow }, do: half-open }
  - { at: 1s, clients: { ids: [7, 3, 7] }, do: close, code: 4000 }
  - { during: load, do: lose-acks, probability: 5%, clients: { room: sport } }
  - { at: 2s, do: server-restart }
  - { at: 6s, do: slow-reader, clients: { ids: [0] } }
`);
    const slow = [90, 91, 92, 93, 94, 95, 96, 97, 98, 99];
    expect(planned).toEqual([
      { index: 2, name: 'lose-acks', atMs: 0, forMs: 10_000, clients: slow, values: {}, probability: 0.05 },
      { index: 1, name: 'close', atMs: 1000, clients: [3, 7], values: { code: 4000 } },
      { index: 3, name: 'server-restart', atMs: 2000, clients: [], values: { down: 500 } },
      { index: 0, name: 'half-open', atMs: 3000, forMs: 4000, clients: slow, values: {} },
      { index: 4, name: 'slow-reader', atMs: 6000, forMs: 4000, clients: [0], values: { rate: 16_384 } },
    ]);
  });

  it('hold past the resume TTL for return-late, and without an end for never-return', () => {
    const scenario = scenarioOf(
      `server: { resumeTtl: 2s }\nfaults: [{ do: return-late }, { do: never-return }]\n`,
    );
    expect(planFaults(scenario, randomOf).map(({ forMs }) => forMs)).toEqual([3000, undefined]);
  });

  it('take a share or a count of those who match, without repetition and in ascending order', () => {
    const [share, count] = plan(
      '  - { do: drop, clients: { profile: fast, share: 10% } }\n  - { do: drop, clients: { count: 25 } }\n',
    );
    expect(share?.clients).toHaveLength(9);
    expect(share?.clients.every((client) => client < 90)).toBe(true);
    expect(new Set(count?.clients).size).toBe(25);
    expect(count?.clients).toEqual([...(count?.clients ?? [])].sort((a, b) => a - b));
  });

  it('hit at least one client however small the share', () => {
    expect(plan('  - { do: drop, clients: { share: 0.1% } }\n')[0]?.clients).toHaveLength(1);
  });

  it('hit each client with the same chance', () => {
    const hits = new Map<number, number>();
    for (let seed = 0; seed < 2000; seed++) {
      for (const client of plan('  - { do: drop, clients: { profile: slow, count: 3 } }\n', `${seed}/`)[0]
        ?.clients ?? []) {
        hits.set(client, (hits.get(client) ?? 0) + 1);
      }
    }
    // Expected 600 of 2000 each, standard deviation 20: 5 of those leave a chance below 1 in a million.
    expect([...hits.values()].every((times) => Math.abs(times - 600) < 100)).toBe(true);
    expect(hits.size).toBe(10);
  });

  it('keep their clients when another fault is removed or moved', () => {
    const lines = [
      '{ do: drop, at: 1s, clients: { count: 9 } }',
      '{ do: reset, clients: { count: 9 } }',
      '{ do: drop, at: 2s, clients: { count: 9 } }',
    ];
    const chosen = (kept: readonly string[]): readonly string[] =>
      plan(kept.map((line) => `  - ${line}\n`).join('')).map(
        ({ name, atMs, clients }) => `${name}@${atMs}:${clients.join()}`,
      );
    const all = chosen(lines);
    fc.assert(
      fc.property(fc.shuffledSubarray(lines, { minLength: 1 }), (kept) => {
        for (const fault of chosen(kept)) expect(all).toContain(fault);
      }),
    );
  });

  it('come again every so often, each time to other clients, as long as they are over within load', () => {
    const times = (line: string): number[] => plan(`  - ${line}\n`).map(({ atMs }) => atMs);
    expect(times('{ do: drop, every: 4s }')).toEqual([0, 4000, 8000]);
    expect(times('{ do: drop, at: 2s, every: 4s }')).toEqual([2000, 6000]);
    expect(times('{ do: drop, at: 2s, every: 2s, until: 6s }')).toEqual([2000, 4000]);
    expect(times('{ do: half-open, at: 1s, every: 3s, for: 2s }')).toEqual([1000, 4000, 7000]);
    expect(times('{ do: half-open, at: 1s, every: 3s, for: 2500ms }')).toEqual([1000, 4000, 7000]);
    const [first, second] = plan('  - { do: drop, every: 4s, clients: { count: 9 } }\n');
    expect(first?.clients).toHaveLength(9);
    expect(second?.clients).not.toEqual(first?.clients);
    expect(second?.index).toBe(first?.index);
  });

  it('that are written twice choose independently', () => {
    const line = '  - { do: drop, clients: { count: 9 } }\n';
    const [first, second] = plan(line + line);
    expect(first?.clients).not.toEqual(second?.clients);
  });
});

describe('publish instants', () => {
  const second = { fromUs: 0, toUs: 1_000_000 };

  it('of a constant stream are exact multiples, without drift over an hour', () => {
    const instants = [
      ...publishInstants(
        { rate: 3, arrival: 'constant', burst: 10 },
        { fromUs: 500, toUs: 3_600_000_500 },
        randomOf('x'),
      ),
    ];
    expect(instants).toHaveLength(3 * 3600);
    expect(instants.slice(0, 4)).toEqual([500, 333_833, 667_167, 1_000_500]);
    expect(instants.at(-1)).toBe(500 + Math.round((10_799 * 1_000_000) / 3));
  });

  it('of a burst leave together at the average rate', () => {
    expect([...publishInstants({ rate: 8, arrival: 'burst', burst: 4 }, second, randomOf('x'))]).toEqual([
      0, 0, 0, 0, 500_000, 500_000, 500_000, 500_000,
    ]);
  });

  it('of a poisson stream have the average rate and a spread as large as the mean', () => {
    const span = { fromUs: 0, toUs: 100_000_000 };
    const instants = [
      ...publishInstants({ rate: 200, arrival: 'poisson', burst: 10 }, span, randomOf('poisson')),
    ];
    const gaps = instants.slice(1).map((instant, index) => instant - (instants[index] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    // 20 000 samples put both within a few percent of 5 ms.
    expect(mean / 5000).toBeCloseTo(1, 1);
    expect(deviation / mean).toBeCloseTo(1, 1);
    expect(gaps.every((gap) => gap >= 0)).toBe(true);
  });

  it('are none for the rate max, where deliveries decide', () => {
    expect(() =>
      publishInstants(
        { rate: Number.POSITIVE_INFINITY, arrival: 'constant', burst: 1 },
        second,
        randomOf('x'),
      ),
    ).toThrow('Cannot pace a stream');
  });

  it('stay within their span and never go back', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 5000, noNaN: true }),
        fc.constantFrom('constant' as const, 'poisson' as const, 'burst' as const),
        fc.integer({ min: 1, max: 50 }),
        (rate, arrival, burst) => {
          let last = 1000;
          for (const instant of publishInstants(
            { rate, arrival, burst },
            { fromUs: 1000, toUs: 500_000 },
            randomOf(`${rate}`),
          )) {
            expect(Number.isInteger(instant) && instant >= last && instant < 500_000).toBe(true);
            last = instant;
          }
        },
      ),
    );
  });
});
