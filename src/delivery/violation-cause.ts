import { CAUSES } from './cause.ts';
import type { FactOf } from './fact.ts';
import { REASONS } from './reason.ts';

/** What shows that a promise was broken: the cause of an anomaly, the reason of a verdict, or an exception. */
export const VIOLATION_CAUSES = {
  ...CAUSES,
  ...REASONS,
  threw: { error: 'name', where: 'name', message: 'note' },
} as const;

export type ViolationCause = FactOf<typeof VIOLATION_CAUSES>;
