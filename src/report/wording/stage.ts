import type { Stage } from '../../delivery/cause.ts';

const STAGE_TEXTS: Readonly<Record<Stage, string>> = {
  'not-enqueued': 'not enqueued',
  'not-sent': 'not sent',
  'not-received': 'not received',
  'not-handled': 'received but not handled',
};

/** Where a message got lost; empty when unknown. */
export function sayStage(stage: Stage | undefined): string {
  return stage === undefined ? '' : STAGE_TEXTS[stage];
}
