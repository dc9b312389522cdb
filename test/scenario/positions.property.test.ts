import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../src/scenario/parse.ts';
import type { Problem } from '../../src/scenario/problem.ts';

const SAMPLE = `name: some-claim
server: { delivery: effectively-once, outbox: { ackTimeout: 500ms } }
clients:
  - { profile: slow, count: 10, rooms: [ticks], read: 16KiB/s }
publish:
  - room: "ticks"
    rate: &fast 30/m
faults:
  - { at: 3s, for: 4s, clients: { profile: slow, share: 10% }, do: half-open }
`;
const PIECES = [
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  ':',
  '- ',
  '\n',
  '\r\n',
  '\t',
  ' ',
  '*x',
  '&x ',
  '!!js ',
  '|\n',
  '# ',
];

function problemsOf(text: string): readonly Problem[] {
  const outcome = parseScenario(text, { file: 'a.yaml' });
  return outcome.ok ? [] : outcome.problems;
}

/** Undefined when the position is on a character of the text, or at the start of an empty line. */
function stray(text: string, { line, column }: Problem): string | undefined {
  const length = text.replace(/^\uFEFF/, '').split(/\r?\n/)[line - 1]?.length;
  if (length === undefined) return `line ${line} is not there`;
  return column >= 1 && column <= Math.max(1, length) ? undefined : `${line}:${column} is behind its line`;
}

describe('the position of a problem', () => {
  it.each([
    ['x: {a: b', 1, 8],
    ['x: {a: b\n\n', 1, 8],
    ['\uFEFFx: {a: b\r\n', 1, 8],
    ['x: "abc\n', 1, 7],
  ])('of %j is its last character', (text, line, column) => {
    expect(problemsOf(text)[0]).toMatchObject({ line, column });
  });

  it('lies inside the file, however the file was cut or added to', () => {
    const edit = fc.record({
      at: fc.nat(SAMPLE.length),
      cut: fc.nat(12),
      piece: fc.constantFrom('', ...PIECES),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), fc.nat(SAMPLE.length), (edits, end) => {
        const edited = edits.reduce(
          (text, { at, cut, piece }) => text.slice(0, at) + piece + text.slice(at + cut),
          SAMPLE,
        );
        for (const text of [edited, edited.slice(0, end)])
          expect(problemsOf(text).map((problem) => stray(text, problem))).toEqual(
            problemsOf(text).map(() => undefined),
          );
      }),
      { numRuns: 1500 },
    );
  });
});
