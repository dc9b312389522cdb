import type { MutationTest, MutationTestFailure } from '../../mutants/mutation-test.ts';
import type { ExpectedOutcome } from '../../mutants/variant.ts';
import { sentenceOf } from './sentence.ts';
import { sayStage } from './stage.ts';

/** Why mutation tests failed; empty when all passed. */
export function failuresOf(mutationTests: readonly MutationTest[]): string[] {
  return mutationTests.flatMap(({ variant, failures }) =>
    failures.map((failure) => `${variant.name}, ${sayFailure(failure)}`),
  );
}

export function sayFailure(failure: MutationTestFailure): string {
  const { seed } = failure;
  switch (failure.code) {
    case 'not-caught': {
      const { kinds } = failure;
      return `seed ${seed}: not caught, ${kinds.length === 0 ? 'nothing was found' : `found instead: ${kinds.join(', ')}`}`;
    }
    case 'unrelated-found':
      return `seed ${seed}: found ${failure.kinds.join(', ')} too, which it does not cause`;
    case 'false-alarm':
      return `seed ${seed}: false alarm, the correct build is blamed for ${failure.kinds.join(', ')}`;
    case 'nothing-proved':
      return `seed ${seed}: the run of the correct build proves nothing, ${sentenceOf(failure.reason)}`;
  }
}

/** `silent-loss (not sent)`. */
export function expectedText({ kind, direction, stage, cause = {} }: ExpectedOutcome): string {
  const parts = [direction === 'up' ? 'upstream' : '', sayStage(stage), ...Object.values(cause)];
  const detail = parts.filter((part) => part !== '').join(', ');
  return detail === '' ? kind : `${kind} (${detail})`;
}
