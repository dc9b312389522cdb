import type { Result } from './result.ts';

/**
 * What a run shows that a signal ended early: everything it found, but never a pass.
 *
 * @param exitCode - the one of the signal, with which the process ends as well
 */
export function cutShort(result: Result, exitCode: number): Result {
  const reasons = result.reasons.filter(({ code }) => code !== 'interrupted');
  return {
    ...result,
    verdict: result.verdict === 'fail' ? 'fail' : 'inconclusive',
    exitCode,
    reasons: [{ code: 'interrupted' }, ...reasons],
    partial: true,
  };
}
