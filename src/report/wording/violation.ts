import type { Stage } from '../../delivery/cause.ts';
import type { ViolationKind } from '../../delivery/reason.ts';
import type { Violation } from '../../simulation/violation.ts';
import { sayStage } from './stage.ts';

/** `silent-loss (not sent) of client 3`. */
export function describeViolation({
  kind,
  stage,
  client,
}: {
  readonly kind: ViolationKind;
  readonly stage?: Stage | undefined;
  readonly client?: number | undefined;
}): string {
  const where = stage === undefined ? '' : ` (${sayStage(stage)})`;
  return `${kind}${where}${client === undefined ? '' : ` of client ${client}`}`;
}

/** What is wrong, and with which message. */
export function violationHeadline(violation: Violation): string {
  const { message } = violation;
  return `${describeViolation(violation)}${message === '' ? '' : `: ${message}`}`;
}
