import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VARIANTS } from '../../src/mutants/registry.ts';
import { parseScenario } from '../../src/scenario/parse.ts';
import { subjectOf } from '../../src/simulation/failure.ts';
import { replay } from '../../src/simulation/replay.ts';

/**
 * What exploring has found and was mended since: the smallest schedule that showed it, each named for the behaviour
 * that it holds to.
 */
const FOLDER = join(import.meta.dirname, 'findings');

describe('what was found and mended', () => {
  for (const name of readdirSync(FOLDER)) {
    it(name.replace('.yaml', '').replaceAll('-', ' '), () => {
      const outcome = parseScenario(readFileSync(join(FOLDER, name), 'utf8'), { file: name });
      if (!outcome.ok) throw new Error(outcome.problems.map(({ message }) => message).join('\n'));
      const { scenario } = outcome;
      const subject = subjectOf(scenario, VARIANTS);
      if (subject === undefined || scenario.found === undefined)
        throw new Error(`${name} is no stored failure`);
      const replayed = replay({ subject, violation: scenario.found.violation, history: [] });
      expect([replayed.outcome, replayed.violations]).toEqual(['gone', []]);
    });
  }
});
