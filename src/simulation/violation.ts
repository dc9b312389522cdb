import { factKey } from '../delivery/fact.ts';
import { isViolation } from '../delivery/guarantee.ts';
import type { Anomaly } from '../delivery/judgement.ts';
import type { DeliveryLevel } from '../delivery/level.ts';
import type { LossReason } from '../delivery/loss-reason.ts';
import { brokenBy, type Reason } from '../delivery/reason.ts';
import { VIOLATION_CAUSES, type ViolationCause } from '../delivery/violation-cause.ts';
import type { FoundFailure } from '../scenario/schema.ts';
import { verdictOf } from '../verdict/assemble.ts';
import type { Result } from '../verdict/result.ts';
import type { SeedRun } from './seed-run.ts';

/** What makes two violations the same, and what the file of a failure keeps of one. */
export type Identity = FoundFailure['violation'];

/**
 * One thing that a run did wrong. Two violations are the same when they are of one kind, at one stage, for one cause
 * but for the numbers in it, and happened to one client.
 */
export type Violation = Identity & {
  /** Publish stream and number of the message; absent where no message is concerned. */
  readonly stream?: number;
  readonly seq?: number;
  /** Its name; empty where no message is concerned. */
  readonly message: string;
};

/** Everything that a run is to be blamed for, in the order of its findings; the first is as good as any other. */
export function violationsOf({ findings, record, exitCode }: SeedRun): Violation[] {
  const { allowReported } = record.scenario.expect;
  const found = amongAnomalies(findings.anomalies, findings.level, allowReported);
  if (found.length > 0 || (exitCode !== 3 && exitCode !== 4)) return found;
  return ofReason(verdictOf(record, findings).reasons);
}

/** The same, as far as a result file tells. */
export function resultViolations(
  { anomalies, guarantee, reasons, exitCode }: Result,
  allowReported: readonly LossReason[],
): Violation[] {
  const found = amongAnomalies(anomalies, guarantee.level, allowReported);
  return found.length > 0 || (exitCode !== 3 && exitCode !== 4) ? found : ofReason(reasons);
}

/** An exception out of the code under test. */
export function crashViolation(thrown: unknown): Violation {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const cause: ViolationCause = {
    code: 'threw',
    error: error.name,
    where: throwingFunction(error),
    message: error.message,
  };
  return { kind: 'crash', direction: 'down', cause, message: '' };
}

export function isSame(a: Identity, b: Identity): boolean {
  return identityKey(a) === identityKey(b);
}

/** What goes into the file of a failure. */
export function identityOf({ kind, direction, stage, cause, client }: Violation): Identity {
  return {
    kind,
    direction,
    ...(stage === undefined ? {} : { stage }),
    cause,
    ...(client === undefined ? {} : { client }),
  };
}

/** The same for violations that are the same. */
export function identityKey({ kind, direction, stage, client, cause }: Identity): string {
  return JSON.stringify([kind, direction, stage, client, factKey(VIOLATION_CAUSES, cause)]);
}

function amongAnomalies(
  anomalies: readonly Anomaly[],
  level: DeliveryLevel,
  allowReported: readonly LossReason[],
): Violation[] {
  return anomalies
    .filter((anomaly) => isViolation(anomaly, level, allowReported))
    .map(
      ({ kind, direction, stage, cause, client, stream, seq, message }): Violation => ({
        ...identityOf({ kind, direction, stage, cause, client, message }),
        ...(stream === undefined ? {} : { stream }),
        ...(seq === undefined ? {} : { seq }),
        message,
      }),
    );
}

/** Without an example: the weightiest reason, which comes first. */
function ofReason([cause]: readonly Reason[]): Violation[] {
  if (cause === undefined) return [];
  const direction = 'direction' in cause ? cause.direction : 'down';
  return [{ kind: brokenBy(cause), direction, cause, message: '' }];
}

/** The innermost function of the stack, which does not change with the values that the message speaks of. */
function throwingFunction({ stack = '' }: Error): string {
  return /^\s*at (?:async )?(?:new )?([\w$.<>#]+) \(/m.exec(stack)?.[1] ?? '';
}
