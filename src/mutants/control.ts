import { createBroadcaster } from '../broadcaster/create-broadcaster.ts';
import { ackBeforeHandle } from './ack-before-handle.ts';
import { clearOnSend } from './clear-on-send.ts';
import type { MutationTest, MutationTestFailure } from './mutation-test.ts';
import type { Variant } from './variant.ts';

/**
 * An entry that lies about itself, so that its examination has to fail.
 *
 * When it does not, the praise of all others is worth nothing: either the defect is found in whatever is examined, or
 * what is found does not reach the failures.
 */
export interface Control {
  readonly variant: Variant;
  /** In words: what has to be noticed. */
  readonly lie: string;
  /** The failure that has to come of it. */
  readonly failure: MutationTestFailure['code'];
}

const { driver: brokenClient } = ackBeforeHandle;

export const CONTROLS: readonly Control[] = [
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

/** Whether the examination of a control came to the failure that it must come to. */
export function isSeenThrough({ failure }: Control, mutationTest: MutationTest): boolean {
  return mutationTest.failures.some(({ code }) => code === failure);
}
