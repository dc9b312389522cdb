import type { FoundFailure } from '../scenario/schema.ts';
import { historyOf } from './failure.ts';
import { type Divergence, firstDivergence } from './history.ts';
import { type Attempt, attempt, type Subject } from './subject.ts';
import { isSame, type Violation } from './violation.ts';

/** A failure that is to be run again in virtual time. */
export interface StoredRun {
  readonly subject: Subject;
  readonly violation: FoundFailure['violation'];
  /** Absent where nobody kept it. */
  readonly hash?: string;
  /** As it was recorded; empty where nobody kept it. */
  readonly history: readonly string[];
}

/** What became of it. */
export interface ReplayedRun extends Attempt {
  /**
   * `identical`: the same violation, and the same run bit for bit. `similar`: the same violation in a run that
   * differs, or whose fingerprint nobody kept. `gone`: the violation does not show.
   */
  readonly outcome: 'identical' | 'similar' | 'gone';
  /** The one that was stored, as it shows now; absent when it is gone. */
  readonly violation?: Violation;
  /** Where this run parts from the stored one; absent where it does not, or nobody can tell. */
  readonly divergence?: Divergence;
}

export function replay({ subject, violation, hash, history }: StoredRun): ReplayedRun {
  const attempted = attempt(subject);
  const shown = attempted.violations.find((one) => isSame(one, violation));
  const alike = hash !== undefined && attempted.run?.hash === hash;
  const divergence = alike || history.length === 0 ? undefined : firstDivergence(history, historyOf(subject));
  return {
    ...attempted,
    outcome: shown === undefined ? 'gone' : alike ? 'identical' : 'similar',
    ...(shown === undefined ? {} : { violation: shown }),
    ...(divergence === undefined ? {} : { divergence }),
  };
}
