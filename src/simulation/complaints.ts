import type { Findings } from '../run/judge-run.ts';

/** That a fault found nobody in reach, as one of many that were drawn at random may. */
const NEVER_TOOK_HOLD = 'never took hold';

/** What a run under faults drawn at random is to be blamed for. */
export interface Complaints {
  /** Where the guarantee was broken, in words. */
  readonly broken: readonly string[];
  /** Where bounds and budgets were broken, in words. */
  readonly misused: readonly string[];
  /** Why the run says too little, in words. */
  readonly inconclusive: readonly string[];
}

export function complaintsOf({ broken, misused, inconclusive }: Findings): Complaints {
  return { broken, misused, inconclusive: inconclusive.filter((text) => !text.includes(NEVER_TOOK_HOLD)) };
}

/** Of a run whose scenario asserts nothing beyond guarantee and conduct. */
export function exitCodeOf({ broken, misused, inconclusive }: Complaints): 0 | 3 | 4 | 5 {
  if (broken.length > 0) return 3;
  if (misused.length > 0) return 4;
  return inconclusive.length > 0 ? 5 : 0;
}
