import { describe, expect, it } from 'vitest';
import type { Lateness, Reason } from '../../src/delivery/reason.ts';
import { decide, type JudgedAssertion, type VerdictInput } from '../../src/delivery/verdict.ts';

const LOST: Reason = {
  code: 'guarantee-broken',
  broken: 'silent-loss',
  direction: 'down',
  level: 'at-least-once',
  count: 1,
};
const LEAK: Reason = { code: 'resource-violation', kind: 'leak', count: 1 };
const FEW: Reason = { code: 'clients-missing', connected: 1, asked: 2, lastFailure: '' };
const LATE: Lateness = { code: 'stood-still', of: 'worker', worker: 0, us: 9 };

function assertion(over: Partial<JudgedAssertion>): JudgedAssertion {
  return { status: 'pass', class: 'performance', assertion: 'a == b', actual: '1', ...over };
}

function outcome(over: Partial<VerdictInput>): string {
  const { verdict, exitCode } = decide({
    violations: [],
    assertions: [],
    inconclusive: [],
    ...over,
  });
  return `${verdict} ${exitCode}`;
}

describe('decide', () => {
  it('passes when everything holds', () => {
    expect(outcome({ assertions: [assertion({}), assertion({ class: 'delivery' })] })).toBe('pass 0');
  });

  it('fails for a broken guarantee or a delivery assertion with 3', () => {
    expect(outcome({ violations: [LOST] })).toBe('fail 3');
    expect(outcome({ assertions: [assertion({ status: 'fail', class: 'delivery' })] })).toBe('fail 3');
  });

  it('fails for performance and resources with 4', () => {
    expect(outcome({ assertions: [assertion({ status: 'fail' })] })).toBe('fail 4');
    expect(outcome({ resourceViolations: [LEAK] })).toBe('fail 4');
  });

  it('is inconclusive with 5 for a stated reason and for an assertion without data', () => {
    expect(outcome({ inconclusive: [FEW] })).toBe('inconclusive 5');
    expect(outcome({ assertions: [assertion({ status: 'no-data', class: 'delivery' })] })).toBe(
      'inconclusive 5',
    );
  });

  it('lets a failure dominate, delivery before performance, and names all reasons in that order', () => {
    const verdict = decide({
      violations: [LOST],
      resourceViolations: [LEAK],
      assertions: [
        assertion({ status: 'fail', assertion: 'slow' }),
        assertion({ status: 'no-data', assertion: 'unseen' }),
      ],
      inconclusive: [FEW],
    });
    expect(verdict).toEqual({
      verdict: 'fail',
      exitCode: 3,
      reasons: [
        LOST,
        LEAK,
        { code: 'assertion-failed', assertion: 'slow', actual: '1' },
        FEW,
        { code: 'assertion-without-data', assertion: 'unseen' },
      ],
    });
    expect(outcome({ resourceViolations: [LEAK], inconclusive: [FEW] })).toBe('fail 4');
  });

  it('takes a known defect that did not show as inconclusive, and says of which software', () => {
    const defect = { of: 'broker 2.0', seen: '2026-12-01' };
    const hidden = assertion({ status: 'inconclusive', class: 'delivery', defect, assertion: 'lost > 0' });
    expect(decide({ violations: [], assertions: [hidden], inconclusive: [] })).toEqual({
      verdict: 'inconclusive',
      exitCode: 5,
      reasons: [{ code: 'defect-not-shown', ...defect, assertion: 'lost > 0', actual: '1' }],
    });
    expect(outcome({ violations: [LOST], assertions: [hidden] })).toBe('fail 3');
    expect(outcome({ assertions: [assertion({ status: 'pass', defect })] })).toBe('pass 0');
  });

  it('takes an assertion that the machine was too slow for as inconclusive, and says what was late', () => {
    const late = assertion({
      status: 'inconclusive',
      class: 'delivery',
      late: LATE,
      assertion: 'a < b',
    });
    expect(decide({ violations: [], assertions: [late], inconclusive: [] })).toEqual({
      verdict: 'inconclusive',
      exitCode: 5,
      reasons: [{ code: 'assertion-undecided', assertion: 'a < b', actual: '1', late: LATE }],
    });
    expect(outcome({ violations: [LOST], assertions: [late] })).toBe('fail 3');
    expect(outcome({ assertions: [late, assertion({ status: 'fail' })] })).toBe('fail 4');
  });
});
