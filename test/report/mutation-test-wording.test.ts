import { describe, expect, it } from 'vitest';
import { clearOnSend } from '../../src/mutants/clear-on-send.ts';
import { expectedText, failuresOf } from '../../src/report/wording/mutation-test.ts';

describe('the wording of a mutation test', () => {
  it('name the expected outcome by its kind and what tells it apart', () => {
    expect(expectedText({ kind: 'stuck' })).toBe('stuck');
    expect(
      expectedText({
        kind: 'reported-loss',
        direction: 'up',
        stage: 'not-sent',
        cause: { code: 'gap-told', reason: 'ttl' },
      }),
    ).toBe('reported-loss (upstream, not sent, gap-told, ttl)');
  });

  it('say of each failure which build did what with which seed', () => {
    const mutationTest = { variant: clearOnSend, seeds: 1, caught: 0, simulatedMs: 1, falseAlarms: 1 };
    const failures = [
      { code: 'not-caught', seed: 1, kinds: [] },
      { code: 'not-caught', seed: 2, kinds: ['phantom'] },
      { code: 'unrelated-found', seed: 3, kinds: ['leak'] },
      { code: 'false-alarm', seed: 4, kinds: ['leak', 'stuck'] },
    ] as const;
    expect(failuresOf([{ ...mutationTest, failures }])).toEqual([
      'clear-on-send, seed 1: not caught, nothing was found',
      'clear-on-send, seed 2: not caught, found instead: phantom',
      'clear-on-send, seed 3: found leak too, which it does not cause',
      'clear-on-send, seed 4: false alarm, the correct build is blamed for leak, stuck',
    ]);
  });
});
