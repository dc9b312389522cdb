import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../src/scenario/parse.ts';
import { writeScenario } from '../../src/scenario/write-scenario.ts';

const TEXT = `
name: secret
clients: [{ count: 1 }]
target:
  url: ws://ann:hunter2@127.0.0.1:1
  headers: { authorization: Bearer abc }
publish: [{ rate: 1/s, through: http, http: { url: 'http://ann:hunter2@127.0.0.1:2' } }]
`;

function written(): string {
  const outcome = parseScenario(TEXT, { file: 'a' });
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  return writeScenario(outcome.scenario);
}

describe('a scenario that was written without its secrets', () => {
  it('is refused where each of them stood, with the flag that brings it', () => {
    const outcome = parseScenario(written(), { file: 'a' });
    expect(outcome.ok ? [] : outcome.problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^Cannot use "ws:..\*{3}@127.0.0.1:1": .* --target URL with the secret is wanted$/,
      ),
      expect.stringMatching(/^Cannot use "\*{3}": .* --set target.headers.authorization=… with the secret/),
      expect.stringMatching(/^Cannot use "http:..\*{3}@127.0.0.1:2": .* --set publish.0.http.url=… with/),
    ]);
    expect(outcome.ok ? [] : outcome.problems.every(({ line }) => line > 1)).toBe(true);
  });

  it('is accepted once overrides have brought them', () => {
    const overrides = [
      { path: 'target.url', value: 'ws://ann:hunter2@127.0.0.1:1', origin: '--target' },
      { path: 'target.headers.authorization', value: 'Bearer abc', origin: '--set' },
      { path: 'publish.0.http.url', value: 'http://ann:hunter2@127.0.0.1:2', origin: '--set' },
    ];
    expect(parseScenario(written(), { file: 'a', overrides })).toEqual(parseScenario(TEXT, { file: 'a' }));
  });
});
