import { CAUSES } from './cause.ts';
import type { FactOf } from './fact.ts';

/** What shows that a promise was broken: the cause of an anomaly, or one of these. */
export const VIOLATION_CAUSES = {
  ...CAUSES,
  /** An exception out of the code under test. */
  threw: { error: 'name', where: 'name', message: 'note' },
  unmet: { reason: 'note' },
} as const;

export type ViolationCause = FactOf<typeof VIOLATION_CAUSES>;
