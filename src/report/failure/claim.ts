import type { Result } from '../../run/result.ts';
import type { Scenario } from '../../scenario/schema.ts';
import { isSame, resultViolations } from '../../simulation/violation.ts';
import { describeViolation } from '../wording/violation.ts';

/**
 * What the file of a failure claims, and whether a run on sockets has shown it: such a run has neither the broken build
 * that a claim may be about nor its interleaving.
 *
 * @returns nothing for a scenario that claims nothing
 */
export function claimNotes({ found, expect }: Scenario, result: Result): string[] {
  if (found === undefined) return [];
  const { violation, variant } = found;
  const shown = resultViolations(result, expect.allowReported).some((one) => isSame(one, violation));
  const build = variant === undefined ? '' : ` of the broken build ${variant}; here the build is correct`;
  return [
    `the file stores ${describeViolation(violation)}, found in a simulation${build}; this run ${shown ? 'shows it as well' : 'does not show it'}`,
  ];
}
