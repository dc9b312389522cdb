import type { Stage } from '../../delivery/cause.ts';
import type { Direction } from '../../delivery/judgement.ts';
import type { TimelineEvent } from '../../delivery/timeline-event.ts';
import type { VIOLATION_CAUSES, ViolationCause } from '../../delivery/violation-cause.ts';
import type { Catalogue } from './catalogue.ts';
import { CAUSE_TEXTS } from './causes.ts';
import { EVENT_TEXTS } from './events.ts';

/** Facts as sentences. */

const STAGE_TEXTS: Readonly<Record<Stage, string>> = {
  'not-enqueued': 'not enqueued',
  'not-sent': 'not sent',
  'not-received': 'not received',
  'not-handled': 'received but not handled',
};

const VIOLATION_TEXTS: Catalogue<typeof VIOLATION_CAUSES> = {
  ...CAUSE_TEXTS,
  threw: ({ message }) => message,
  unmet: ({ reason }) => reason,
};

/** Every sentence there is for a fact, by its code. */
const SENTENCES: Readonly<Record<string, (fact: never) => string>> = { ...EVENT_TEXTS, ...VIOLATION_TEXTS };

/** @returns undefined for a code that no table has */
export function textOf(code: unknown, fact: object): string | undefined {
  return typeof code === 'string' ? SENTENCES[code]?.(fact as never) : undefined;
}

function say(fact: { readonly code: string }): string {
  return textOf(fact.code, fact) ?? fact.code;
}

function sayCause(cause: ViolationCause): string {
  return say(cause);
}

export function sayEvent(event: TimelineEvent): string {
  return say(event);
}

export function sayStage(stage: Stage | undefined): string {
  return stage === undefined ? '' : STAGE_TEXTS[stage];
}

/** Why an anomaly counts as one, with the way the message went where that is not the usual one. */
export function explain({
  cause,
  direction,
}: {
  readonly cause: ViolationCause;
  readonly direction: Direction;
}): string {
  return `${direction === 'up' ? 'upstream: ' : ''}${sayCause(cause)}`;
}
