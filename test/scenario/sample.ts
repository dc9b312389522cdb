import { parseScenario } from '../../src/scenario/parse.ts';
import { formatProblem } from '../../src/scenario/problem.ts';
import type { Scenario } from '../../src/scenario/schema.ts';

export function problemsOf(text: string): readonly string[] {
  const outcome = parseScenario(text, { file: 'a.yaml' });
  return outcome.ok ? [] : outcome.problems.map(formatProblem);
}

export function scenarioOf(text: string): Scenario {
  const outcome = parseScenario(text, { file: 'a.yaml' });
  if (!outcome.ok) throw new Error(outcome.problems.map(formatProblem).join('\n'));
  return outcome.scenario;
}

/** A small seeded generator (mulberry32), one sequence per name. */
export function randomOf(name: string): { next(): number } {
  let state = [...name].reduce(
    (hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 16_777_619),
    2_166_136_261,
  );
  return {
    next: () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}
