import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BUNDLED_SCENARIOS } from '../../src/cli/package-info.ts';
import { bundledNames } from '../../src/cli/scenario-files.ts';
import { parseScenario } from '../../src/scenario/parse.ts';
import { type Scenario, scenarioSchema } from '../../src/scenario/schema.ts';
import { towardsDefaults, writeScenario } from '../../src/scenario/write-scenario.ts';
import { randomRun } from '../run/random-scenario.ts';

function read(text: string): Scenario {
  const outcome = parseScenario(text, { file: 'written.yaml' });
  if (!outcome.ok) throw new Error(`${outcome.problems[0]?.message}\n${text}`);
  return outcome.scenario;
}

describe('a written scenario', () => {
  it.each(bundledNames())('%s reads back as it was', (name) => {
    const scenario = read(readFileSync(join(BUNDLED_SCENARIOS, `${name}.yaml`), 'utf8'));
    expect(read(writeScenario(scenario))).toEqual(scenario);
  });

  it('reads back as it was, for random settings and faults', () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const { scenario } = randomRun(seed, seed % 2 === 0);
      // Of settings that make no sense together only the text matters here.
      expect(scenarioSchema.parse(parse(writeScenario(scenario)))).toEqual(scenario);
    }
  });

  it('has units, a line for each fault, and nothing that is as by default', () => {
    const scenario = scenarioSchema.parse({
      name: 'short',
      clients: [{ count: 2, rooms: ['ticks'] }],
      publish: [{ room: 'ticks', rate: '90/m', size: '2KiB' }],
      duration: { load: '1500ms', rampUp: '0ms' },
      faults: [{ do: 'drop', at: '1.25s', clients: { ids: [1] } }],
    });
    expect(writeScenario(scenario, ['two clients', 'and a drop'])).toBe(
      [
        '# two clients',
        '# and a drop',
        '',
        'name: short',
        'seed: 1',
        'clients:',
        '  - { count: 2, rooms: [ ticks ] }',
        'publish:',
        '  - { room: ticks, rate: 90/m, size: 2KiB }',
        'duration: { rampUp: 0s, load: 1500ms }',
        'faults:',
        '  - { do: drop, at: 1250ms, clients: { ids: [ 1 ] } }',
        '',
      ].join('\n'),
    );
  });

  it('rounds a value that no file can hold, once', () => {
    const scenario = scenarioSchema.parse({});
    const awkward = { ...scenario, duration: { ...scenario.duration, load: 1000 / 3 } };
    const once = read(writeScenario(awkward));
    expect(once.duration.load).toBeCloseTo(1000 / 3, 6);
    expect(read(writeScenario(once))).toEqual(once);
  });
});

describe('towardsDefaults', () => {
  it('resets one setting in each copy, a whole map before what is in it', () => {
    const scenario = scenarioSchema.parse({ seed: 3, server: { outbox: { maxPending: 5, maxResend: 2 } } });
    const plainer = [...towardsDefaults(scenarioSchema, scenario)].map(({ seed, server: { outbox } }) => [
      seed,
      outbox.maxPending,
      outbox.maxResend,
    ]);
    expect(plainer).toEqual([
      [1, 5, 2],
      [3, 1000, 5],
      [3, 1000, 5],
      [3, 5, 5],
      [3, 1000, 2],
    ]);
  });
});
