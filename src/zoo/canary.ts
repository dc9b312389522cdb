import { createBroadcaster } from '../broadcaster/create-broadcaster.ts';
import { ackBeforeHandle } from './ack-before-handle.ts';
import { clearOnSend } from './clear-on-send.ts';
import type { Exam, ExamFailure } from './exam.ts';
import type { Variant } from './variant.ts';

/**
 * An entry that lies about itself, so that its examination has to fail.
 *
 * When it does not, the praise of all others is worth nothing: either the defect is found in whatever is examined, or
 * what is found does not reach the failures.
 */
export interface Canary {
  readonly variant: Variant;
  /** In words: what has to be noticed. */
  readonly lie: string;
  /** The failure that has to come of it. */
  readonly failure: ExamFailure['code'];
}

const { driver: brokenClient } = ackBeforeHandle;

export const CANARIES: readonly Canary[] = [
  {
    variant: {
      ...clearOnSend,
      name: 'correct-posing-as-broken',
      defect: 'None: it is the correct server.',
      newBroadcaster: createBroadcaster,
    },
    lie: 'the correct build, posing as broken',
    failure: 'not-caught',
  },
  {
    variant: {
      ...ackBeforeHandle,
      ...(brokenClient === undefined ? {} : { client: brokenClient }),
      name: 'broken-posing-as-correct',
      defect: 'Where the correct build should be, its client is broken too.',
    },
    lie: 'a broken build, posing as correct',
    failure: 'false-alarm',
  },
];

/** Whether the examination of a canary came to the failure that it must come to. */
export function isSeenThrough({ failure }: Canary, exam: Exam): boolean {
  return exam.failures.some(({ code }) => code === failure);
}
