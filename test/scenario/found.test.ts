import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../src/scenario/parse.ts';
import { writeScenario } from '../../src/scenario/write-scenario.ts';

const FOUND = `
name: found
clients: [{ count: 2 }]
found:
  by: 1.2.3
  violation: { kind: silent-loss, stage: not-sent, cause: { code: never-came, place: after }, client: 1 }
  hash: "0123456789012345"
  variant: clear-on-send
  network: { up: { delay: 100us, jitter: 30ms, bandwidth: 1MiB/s }, kernel: 8KiB }
`;

function problemsOf(text: string): string[] {
  const outcome = parseScenario(text, { file: 'found.yaml' });
  return outcome.ok ? [] : outcome.problems.map(({ line, message }) => `${line}: ${message}`);
}

describe('what a scenario stores of a failure', () => {
  it('is read in plain units, and written back as it was', () => {
    const outcome = parseScenario(FOUND, { file: 'found.yaml' });
    if (!outcome.ok) throw new Error(problemsOf(FOUND).join('\n'));
    expect(outcome.scenario.found).toEqual({
      by: '1.2.3',
      violation: {
        kind: 'silent-loss',
        direction: 'down',
        stage: 'not-sent',
        cause: { code: 'never-came', place: 'after' },
        client: 1,
      },
      hash: '0123456789012345',
      variant: 'clear-on-send',
      network: { up: { delay: 0.1, jitter: 30, bandwidth: 1_048_576 }, kernel: 8192 },
    });
    const again = parseScenario(writeScenario(outcome.scenario), { file: 'again.yaml' });
    expect(again).toEqual(outcome);
  });

  it.each([
    ['client: 1 }', 'client: 2 }', '6: Cannot find client 2: there are 2, 0 to 1 is wanted'],
    ['kind: silent-loss', 'kind: loud-loss', '6: Cannot read "kind" as "loud-loss"'],
    ['stage: not-sent', 'stage: not sent', '6: Cannot read "stage" as "not sent"'],
    ['code: never-came', 'code: it never came', '6: Cannot read'],
    ['place: after', 'place: behind', '6: Cannot read "place" as "behind"'],
    ['hash: "0123456789012345"', 'hash: abc', '7: Cannot read "hash" as "abc"'],
    ['jitter: 30ms', 'jitter: 30', '9: Cannot read "30": a duration needs a unit'],
    ['variant: clear-on-send', 'varian: clear-on-send', '8: Cannot read "varian"'],
  ])('may not have %s changed to %s', (before, after, message) => {
    const [problem = ''] = problemsOf(FOUND.replace(before, after));
    expect(problem).toContain(message);
  });
});
