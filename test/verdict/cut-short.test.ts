import { describe, expect, it } from 'vitest';
import { headline } from '../../src/report/wording/result.ts';
import { cutShort } from '../../src/verdict/cut-short.ts';
import * as samples from '../report/sample-result.ts';

describe('a run that a signal ended early', () => {
  it('is no pass, whatever it showed until then', () => {
    const result = cutShort(samples.passingResult(), 130);
    expect(result).toMatchObject({ verdict: 'inconclusive', exitCode: 130, partial: true });
    expect(result.reasons[0]).toEqual({ code: 'interrupted' });
    expect(headline(result)).toBe('interrupted before the end');
  });

  it('keeps what was broken until then, and says that it was interrupted once', () => {
    const result = cutShort(cutShort(samples.failingResult(), 143), 143);
    expect(result).toMatchObject({ verdict: 'fail', exitCode: 143 });
    expect(result.reasons.filter(({ code }) => code === 'interrupted')).toHaveLength(1);
    expect(headline(result)).toBe('failed before it was interrupted');
  });
});
