import { createBroadcaster } from '../broadcaster/create-broadcaster.ts';
import { ackBeforeHandle } from './ack-before-handle.ts';
import { clearOnSend } from './clear-on-send.ts';
import type { MutationTest, MutationTestFailure } from './mutation-test.ts';
import type { Variant } from './variant.ts';

/**
 * A deliberately mislabelled variant, whose mutation test must fail.
 *
 * If it does not fail, the other results prove nothing: either the test finds the defect in every build, or findings
 * do not reach the failures.
 */
export interface Control {
  readonly variant: Variant;
  /** For people: what must be detected. */
  readonly lie: string;
  /** The failure that the mutation test must report. */
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
    lie: 'the correct build, labelled as broken',
    failure: 'not-caught',
  },
  {
    variant: {
      ...ackBeforeHandle,
      ...(brokenClient === undefined ? {} : { client: brokenClient }),
      name: 'broken-posing-as-correct',
      defect: 'The client that should be correct is broken too.',
    },
    lie: 'a broken build, labelled as correct',
    failure: 'false-alarm',
  },
];

/** Whether the mutation test of a control reported the expected failure. */
export function isDetected({ failure }: Control, mutationTest: MutationTest): boolean {
  return mutationTest.failures.some(({ code }) => code === failure);
}
