import type { Reason } from '../delivery/reason.ts';
import type { Scenario } from '../scenario/schema.ts';
import type { Result } from '../verdict/result.ts';
import { isSame, resultViolations } from './violation.ts';

/**
 * Whether a run on sockets has shown the failure that its file stores: such a run has neither the broken build that a
 * failure may be of nor its interleaving.
 *
 * @returns nothing for a scenario that stores none
 */
export function storedFailure({ found, expect }: Scenario, result: Result): Reason[] {
  if (found === undefined) return [];
  const { violation, variant = '' } = found;
  const { kind, stage = '', client } = violation;
  const shown = resultViolations(result, expect.allowReported).some((one) => isSame(one, violation));
  return [
    { code: 'stored-failure', shown, kind, stage, ...(client === undefined ? {} : { client }), variant },
  ];
}
