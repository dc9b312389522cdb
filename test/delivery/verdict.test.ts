import { describe, expect, it } from 'vitest';
import { decide, type JudgedAssertion, type VerdictInput } from '../../src/delivery/verdict.ts';

function assertion(over: Partial<JudgedAssertion>): JudgedAssertion {
  return { status: 'pass', class: 'performance', text: 'a == b', ...over };
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
    expect(outcome({ violations: ['lost'] })).toBe('fail 3');
    expect(outcome({ assertions: [assertion({ status: 'fail', class: 'delivery' })] })).toBe('fail 3');
  });

  it('fails for performance and resources with 4', () => {
    expect(outcome({ assertions: [assertion({ status: 'fail' })] })).toBe('fail 4');
    expect(outcome({ resourceViolations: ['leak'] })).toBe('fail 4');
  });

  it('is inconclusive with 5 for a stated reason and for an assertion without data', () => {
    expect(outcome({ inconclusive: ['nothing was owed'] })).toBe('inconclusive 5');
    expect(outcome({ assertions: [assertion({ status: 'no-data', class: 'delivery' })] })).toBe(
      'inconclusive 5',
    );
  });

  it('lets a failure dominate, delivery before performance, and names all reasons in that order', () => {
    const verdict = decide({
      violations: ['lost'],
      resourceViolations: ['leak'],
      assertions: [
        assertion({ status: 'fail', text: 'slow' }),
        assertion({ status: 'no-data', text: 'unseen' }),
      ],
      inconclusive: ['too few clients'],
    });
    expect(verdict).toEqual({
      verdict: 'fail',
      exitCode: 3,
      reasons: ['lost', 'leak', 'not met: slow', 'too few clients', 'no data for: unseen'],
    });
    expect(outcome({ resourceViolations: ['leak'], inconclusive: ['few'] })).toBe('fail 4');
  });

  it('takes an assertion that the machine was too slow for as inconclusive, and says what was late', () => {
    const late = assertion({
      status: 'inconclusive',
      class: 'delivery',
      doubt: 'worker 0 slept',
      text: 'a < b',
    });
    expect(decide({ violations: [], assertions: [late], inconclusive: [] })).toEqual({
      verdict: 'inconclusive',
      exitCode: 5,
      reasons: ['the machine was too slow to say: a < b: worker 0 slept'],
    });
    expect(outcome({ violations: ['lost'], assertions: [late] })).toBe('fail 3');
    expect(outcome({ assertions: [late, assertion({ status: 'fail' })] })).toBe('fail 4');
  });
});
