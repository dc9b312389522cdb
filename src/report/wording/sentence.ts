import type { Direction } from '../../delivery/judgement.ts';
import type { Lateness, ProcessLoss } from '../../delivery/reason.ts';
import type { TimelineEvent } from '../../delivery/timeline-event.ts';
import type { VIOLATION_CAUSES, ViolationCause } from '../../delivery/violation-cause.ts';
import type { CapacityStep } from '../../run/capacity.ts';
import type { Catalogue } from './catalogue.ts';
import { CAUSE_TEXTS } from './causes.ts';
import { EVENT_TEXTS } from './events.ts';
import { LATENESS_TEXTS, LOSS_TEXTS, REASON_TEXTS, STEP_TEXTS } from './reasons.ts';

/** Facts as sentences. */

const VIOLATION_TEXTS: Catalogue<typeof VIOLATION_CAUSES> = {
  ...CAUSE_TEXTS,
  ...REASON_TEXTS,
  threw: ({ message }) => message,
};

type Told = TimelineEvent | ViolationCause | Lateness | ProcessLoss | NonNullable<CapacityStep['why']>;

/** The sentence for each fact, by its code. */
const SENTENCES: Readonly<Record<string, (fact: never) => string>> = {
  ...EVENT_TEXTS,
  ...LATENESS_TEXTS,
  ...LOSS_TEXTS,
  ...STEP_TEXTS,
  ...VIOLATION_TEXTS,
};

/** @returns undefined for a code that no table has */
export function textOf(code: unknown, fact: object): string | undefined {
  return typeof code === 'string' ? SENTENCES[code]?.(fact as never) : undefined;
}

export function sentenceOf(fact: Told): string {
  return textOf(fact.code, fact) ?? fact.code;
}

/** Why an anomaly counts as one; names the direction when it is upstream. */
export function explain({
  cause,
  direction,
}: {
  readonly cause: ViolationCause;
  readonly direction: Direction;
}): string {
  return direction === 'up' && !('direction' in cause) ? `upstream: ${sentenceOf(cause)}` : sentenceOf(cause);
}
