import { isViolation } from '../delivery/guarantee.ts';
import type { Anomaly } from '../delivery/judgement.ts';
import type { DeliveryLevel } from '../delivery/level.ts';
import type { LossReason } from '../delivery/loss-reason.ts';
import { verdictOf } from '../run/assemble.ts';
import type { Result } from '../run/result.ts';
import type { FoundFailure } from '../scenario/schema.ts';
import type { SeedRun } from './seed-run.ts';

/**
 * One thing that a run did wrong. Two violations are the same when they are of one kind, at one stage, for one cause
 * but for the numbers in it, and happened to one client.
 */
export type Violation = FoundFailure['violation'] & {
  /** As in `c3#2`; empty where no session is concerned. */
  readonly session: string;
  /** As in `p1:42`; empty where no message is concerned. */
  readonly message: string;
};

type Identity = FoundFailure['violation'];

/** Everything that a run is to be blamed for, in the order of its findings; the first is as good as any other. */
export function violationsOf({ findings, record, exitCode }: SeedRun): Violation[] {
  const { allowReported } = record.scenario.expect;
  const found = charged(findings.anomalies, findings.level, allowReported);
  if (found.length > 0 || (exitCode !== 3 && exitCode !== 4)) return found;
  return [unmet(verdictOf(record, findings).reasons)];
}

/** The same, as far as a result file tells. */
export function resultViolations(
  { anomalies, guarantee, reasons, exitCode }: Result,
  allowReported: readonly LossReason[],
): Violation[] {
  const found = charged(anomalies, guarantee.level, allowReported);
  return found.length > 0 || (exitCode !== 3 && exitCode !== 4) ? found : [unmet(reasons)];
}

function charged(
  anomalies: readonly Anomaly[],
  level: DeliveryLevel,
  allowReported: readonly LossReason[],
): Violation[] {
  return anomalies
    .filter((anomaly) => isViolation(anomaly, level, allowReported))
    .map(({ kind, stage, cause, session, message }): Violation => {
      const client = clientOf(session);
      return { kind, stage, cause, session, message, ...(client === undefined ? {} : { client }) };
    });
}

/** The weightiest reason comes first. */
function unmet([cause = '']: readonly string[]): Violation {
  return { kind: 'assertion', stage: '', cause, session: '', message: '' };
}

/** An exception out of the code under test. */
export function crashViolation(error: unknown): Violation {
  const cause = error instanceof Error ? error.message : String(error);
  return { kind: 'crash', stage: '', cause, session: '', message: '' };
}

export function isSame(a: Identity, b: Identity): boolean {
  return (
    a.kind === b.kind && a.stage === b.stage && a.client === b.client && shapeOf(a.cause) === shapeOf(b.cause)
  );
}

/** In words, as a headline. */
export function describeViolation({ kind, stage, client }: Identity): string {
  const where = stage === '' ? '' : ` (${stage})`;
  return `${kind}${where}${client === undefined ? '' : ` of client ${client}`}`;
}

/** What goes into the file of a failure. */
export function identityOf({ kind, stage, cause, client }: Violation): Identity {
  return { kind, stage, cause, ...(client === undefined ? {} : { client }) };
}

function shapeOf(cause: string): string {
  return cause.replaceAll(/\d+(\.\d+)?/g, '#');
}

/** `c3#2` is the second session of client 3. */
function clientOf(session: string): number | undefined {
  const number = /^c(\d+)(#\d+)?$/.exec(session)?.[1];
  return number === undefined ? undefined : Number(number);
}
