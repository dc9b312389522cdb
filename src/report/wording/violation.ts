import type { Identity, Violation } from '../../simulation/violation.ts';
import { sayStage } from './say.ts';

/** `silent-loss (not sent) of client 3`. */
export function describeViolation({ kind, stage, client }: Identity): string {
  const where = stage === undefined ? '' : ` (${sayStage(stage)})`;
  return `${kind}${where}${client === undefined ? '' : ` of client ${client}`}`;
}

/** What is wrong, and with which message. */
export function violationHeadline(violation: Violation): string {
  const { message } = violation;
  return `${describeViolation(violation)}${message === '' ? '' : `: ${message}`}`;
}
