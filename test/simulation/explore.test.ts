import { describe, expect, it } from 'vitest';
import { FAULTS } from '../../src/faults/registry.ts';
import { clearOnSend } from '../../src/mutants/clear-on-send.ts';
import { mutantScenario } from '../../src/mutants/mutant-scenario.ts';
import { checkScenario } from '../../src/scenario/check.ts';
import { parseScenario } from '../../src/scenario/parse.ts';
import type { Scenario } from '../../src/scenario/schema.ts';
import { writeScenario } from '../../src/scenario/write-scenario.ts';
import { blameOf, exitCodeOf } from '../../src/simulation/blame.ts';
import { explore } from '../../src/simulation/explore.ts';
import { runSeed } from '../../src/simulation/seed-run.ts';
import { HARMLESS_FAULTS } from '../../src/simulation/swarm.ts';

const LEVELS = ['at-most-once', 'at-least-once', 'effectively-once'] as const;
const SEEDS = Array.from({ length: 200 }, (_, index) => index + 1);

function baseOf(delivery: (typeof LEVELS)[number]): Scenario {
  return mutantScenario({
    name: 'base',
    server: { delivery },
    clients: [
      { profile: 'one', count: 3, rooms: ['ticks'], upstream: { rate: '2/s', room: 'ticks' } },
      { profile: 'two', count: 3, rooms: ['ticks'] },
    ],
    faults: [{ at: '1s', do: 'drop' }],
    expect: { assert: ['fault{name:drop}.fired == 6'] },
  });
}

describe('an explored scenario', () => {
  it.each(LEVELS)('is valid and can be said by a file, at %s', (level) => {
    for (const seed of SEEDS) {
      const { scenario } = explore(baseOf(level), seed);
      expect({ seed, findings: checkScenario(scenario, () => true) }).toEqual({ seed, findings: [] });
      const again = parseScenario(writeScenario(scenario), { file: 'explored' });
      expect(again.ok && again.scenario).toEqual(scenario);
    }
  });

  it('is the same for the same seed, and another for another', () => {
    const base = baseOf('at-least-once');
    const texts = SEEDS.map((seed) => JSON.stringify(explore(base, seed)));
    expect(SEEDS.map((seed) => JSON.stringify(explore(base, seed)))).toEqual(texts);
    expect(new Set(texts).size).toBe(SEEDS.length);
  });

  it('dwells on a few kinds of faults, and leaves none out over all seeds', () => {
    const kinds = SEEDS.map(
      (seed) => new Set(explore(baseOf('effectively-once'), seed).scenario.faults.map((fault) => fault.do)),
    );
    // A session that lives longer than the load can't be missed by anybody, and virtual time has no processes.
    const possible = [...FAULTS.values()]
      .filter(({ name, kind }) => name !== 'return-late' && kind !== 'service')
      .map(({ name }) => name);
    expect(possible.filter((name) => !kinds.some((some) => some.has(name)))).toEqual([]);
    const mean = kinds.reduce((sum, { size }) => sum + size, 0) / kinds.length;
    expect(mean).toBeLessThan(FAULTS.size / 3);
  });

  it('brings clients back late, where the load is long enough for it', () => {
    const base = baseOf('at-least-once');
    const long = { ...base, duration: { ...base.duration, load: 30_000 } };
    const late = SEEDS.flatMap((seed) => {
      const { scenario } = explore(long, seed);
      return scenario.faults
        .filter((fault) => fault.do === 'return-late')
        .map((fault) => [fault, scenario] as const);
    });
    expect(late.length).toBeGreaterThan(0);
    for (const [fault, { server }] of late) expect(fault.for).toBeGreaterThan(server.resumeTtl);
  });

  it('has only harmless faults where no loss is allowed', () => {
    const strict = SEEDS.map((seed) => explore(baseOf('effectively-once'), seed).scenario).filter(
      ({ expect: { allowReported } }) => allowReported.length === 0,
    );
    expect(strict.length).toBeGreaterThan(40);
    const names = new Set(strict.flatMap(({ faults }) => faults.map((fault) => fault.do)));
    expect([...names].filter((name) => !HARMLESS_FAULTS.includes(name))).toEqual([]);
  });

  it('allows reported losses to a scenario that loses by itself', () => {
    const base = baseOf('effectively-once');
    const poisonous = {
      ...base,
      clients: base.clients.map((profile) => ({ ...profile, handler: { ...profile.handler, poison: 7 } })),
    };
    for (const seed of SEEDS)
      expect(explore(poisonous, seed).scenario.expect.allowReported).toContain('max-resend');
  });

  it('finds nothing to blame on the correct build', () => {
    for (const level of LEVELS) {
      for (let seed = 1; seed <= 25; seed += 1) {
        const blame = blameOf(runSeed(explore(baseOf(level), seed)).findings);
        expect({ level, seed, code: exitCodeOf(blame), blame }).toEqual({
          level,
          seed,
          code: 0,
          blame: { violations: [], resourceViolations: [], inconclusive: [] },
        });
      }
    }
  });

  it('finds a broken build', () => {
    const { newBroadcaster } = clearOnSend;
    const found = SEEDS.slice(0, 30).filter((seed) => {
      const run = runSeed({
        ...explore(baseOf('at-least-once'), seed),
        ...(newBroadcaster === undefined ? {} : { newBroadcaster }),
      });
      return exitCodeOf(blameOf(run.findings)) === 3;
    });
    expect(found.length).toBeGreaterThan(5);
  });
});
