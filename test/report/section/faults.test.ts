import { describe, expect, it } from 'vitest';
import type { Tone } from '../../../src/report/line.ts';
import { faultLines } from '../../../src/report/section/faults.ts';
import { passingResult } from '../sample-result.ts';

function toneOfFired(fired: number): Tone | undefined {
  const result = passingResult({
    faults: [{ name: 'x', planned: 77, fired, effects: 0, fidelity: 'socket' }],
  });
  const row = faultLines(result, 80)[1] ?? [];
  return (
    row.find(({ text }) => text === String(fired) && text !== '77')?.tone ??
    row.findLast(({ text }) => text === '77')?.tone
  );
}

describe('faultLines', () => {
  it('warns of a fault that fired less often than planned, and more so of one that never did', () => {
    expect([toneOfFired(77), toneOfFired(50), toneOfFired(0)]).toEqual(['plain', 'warn', 'bad']);
  });
});
