import { describe, expect, it } from 'vitest';
import { failures, renderSelfTest, type SelfTest, selfTestDocument } from '../../src/cli/selftest-report.ts';
import { clearOnSend } from '../../src/mutants/clear-on-send.ts';
import type { MutationTest } from '../../src/mutants/mutation-test.ts';

const LOST = {
  code: 'guarantee-broken',
  broken: 'silent-loss',
  direction: 'down',
  level: 'at-least-once',
  count: 2,
} as const;
const PLAIN = { width: 60, color: false, unicode: true };

const caught: MutationTest = {
  variant: clearOnSend,
  seeds: 10,
  caught: 10,
  firstSeed: 1,
  simulatedMs: 2850,
  falseAlarms: 0,
  failures: [],
};

const passed: SelfTest = {
  seeds: 10,
  mutationTests: [caught],
  controls: [{ name: 'liar', lie: 'a lie', seenThrough: true }],
  bundled: [{ name: 'quickstart', verdict: 'pass', reasons: [] }],
  interrupted: false,
};

const missed: MutationTest = {
  ...caught,
  caught: 9,
  falseAlarms: 1,
  failures: [
    { code: 'not-caught', seed: 3, kinds: [] },
    { code: 'false-alarm', seed: 4, kinds: ['leak'] },
  ],
};

describe('the report of a self-test', () => {
  it('names each variant with its side, defect and expected outcome, and how soon it was caught', () => {
    expect(renderSelfTest(passed, PLAIN).split('\n')).toEqual([
      'variant           side     caught   first seed   simulated',
      '✓ clear-on-send   server    10/10            1       2.9 s',
      '    The outbox frees a message when it is written to the',
      '    socket instead of when it is acked.',
      '    caught by silent-loss (not received)',
      '',
      'The correct build ran 10 times in the place of a variant and',
      'in 1 bundled scenario.',
      'The controls were detected (a lie), so a failure above would',
      'be seen.',
      '',
      'PASS  1 of 1 caught, 0 false alarms in 10 seeds',
      '',
    ]);
    expect(failures(passed)).toEqual([]);
  });

  it('says loudly what failed', () => {
    const text = renderSelfTest({ ...passed, mutationTests: [caught, missed] }, { ...PLAIN, width: 100 });
    expect(text).toContain('✗ clear-on-send');
    expect(text).toContain('FAILED clear-on-send, seed 3: not caught, nothing was found\n');
    expect(text).toContain('FAIL  1 of 2 caught, 1 false alarm in 10 seeds\n');
  });

  it('fails when a control was not detected, whatever else was caught', () => {
    const blind = { ...passed, controls: [{ name: 'liar', lie: 'a lie', seenThrough: false }] };
    expect(failures(blind)).toEqual(['control liar: a lie, was not noticed, so a failure would not be seen']);
    const text = renderSelfTest(blind, { ...PLAIN, width: 100 });
    expect(text).toContain('nothing above proves anything');
    expect(text).toContain('FAIL  1 of 1 caught');
  });

  it('fails when the correct build does not keep the claim of a bundled scenario', () => {
    const bundled = [{ name: 'quickstart', verdict: 'fail', reasons: [LOST] }] as const;
    expect(failures({ ...passed, bundled })).toEqual([
      'scenario quickstart, fail with the correct build: at-least-once: 2 deliveries were lost silently',
    ]);
    expect(renderSelfTest({ ...passed, bundled }, PLAIN)).toContain('1 false alarm in 10 seeds');
  });

  it('that was interrupted is no pass, though nothing failed', () => {
    const text = renderSelfTest({ ...passed, controls: [], interrupted: true }, { ...PLAIN, width: 100 });
    expect(text).toContain('INTERRUPTED  1 of 1 caught');
    expect(text).toContain('The controls were not run');
  });

  it('keeps within a narrow terminal', () => {
    const lines = renderSelfTest({ ...passed, mutationTests: [missed] }, { ...PLAIN, width: 40 }).split('\n');
    expect(lines.filter((line) => line.length > 40)).toEqual([]);
    expect(lines.some((line) => line.includes('9/10'))).toBe(true);
  });

  it('is there as plain data', () => {
    expect(selfTestDocument({ ...passed, mutationTests: [missed] }, 3)).toMatchObject({
      schema: 'wsdeliver.selftest/1',
      exitCode: 3,
      seeds: 10,
      variants: [
        {
          name: 'clear-on-send',
          side: 'server',
          expected: { kind: 'silent-loss', stage: 'not-received' },
          caught: 9,
          falseAlarms: 1,
        },
      ],
      failures: [
        'clear-on-send, seed 3: not caught, nothing was found',
        'clear-on-send, seed 4: false alarm, the correct build is blamed for leak',
      ],
    });
  });
});
