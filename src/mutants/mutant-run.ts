import { ANOMALY_KINDS, type AnomalyKind } from '../delivery/anomaly.ts';
import { ruleFor } from '../delivery/guarantee.ts';
import type { LossReason } from '../delivery/loss-reason.ts';
import type { Reason } from '../delivery/reason.ts';
import type { Driver } from '../drivers/driver.ts';
import { simulateScenario } from '../run/simulated-run.ts';
import type { NewBroadcaster } from '../server/reference-server.ts';
import { type Findings, judgeRun } from '../verdict/judge-run.ts';
import type { ExpectedOutcome, Variant } from './variant.ts';

/** The result of one run of a variant, or of the correct build in its place. */
export interface MutantRun {
  readonly variant: string;
  readonly seed: number;
  /** The expected outcome was found. */
  readonly caught: boolean;
  /** Every kind of anomaly that is a violation in this run. */
  readonly forbidden: readonly AnomalyKind[];
  /** Those of `forbidden` that are neither the expected outcome nor a consequence of it. */
  readonly unexpected: readonly AnomalyKind[];
  /** Why the run is inconclusive. */
  readonly inconclusive: readonly Reason[];
  /** From the first connection to the end of the drain. */
  readonly simulatedMs: number;
}

/** Runs a broken variant. */
export function runVariant(variant: Variant, seed: number): MutantRun {
  const { newBroadcaster, driver = variant.client } = variant;
  const expected: readonly AnomalyKind[] = [variant.outcome.kind, ...variant.consequences];
  return runOf(variant, { seed, newBroadcaster, driver }, expected);
}

/** Runs the correct build in the place of a variant; it must show no violation. */
export function runCorrectBuild(variant: Variant, seed: number): MutantRun {
  return runOf(variant, { seed, newBroadcaster: undefined, driver: variant.client }, []);
}

interface Build {
  readonly seed: number;
  readonly newBroadcaster: NewBroadcaster | undefined;
  readonly driver: Driver | undefined;
}

function runOf(
  variant: Variant,
  { seed, newBroadcaster, driver }: Build,
  expected: readonly AnomalyKind[],
): MutantRun {
  const { scenario, network } = variant;
  const record = simulateScenario({
    scenario,
    seed,
    ...(network === undefined ? {} : { network }),
    ...(newBroadcaster === undefined ? {} : { newBroadcaster }),
    ...(driver === undefined ? {} : { driver }),
  });
  const findings = judgeRun(record);
  const { startUs, endUs } = record.instants;
  const forbidden = forbiddenKinds(findings, variant.scenario.expect.allowReported);
  return {
    variant: variant.name,
    seed,
    caught: forbidden.includes(variant.outcome.kind) && shows(findings, variant.outcome),
    forbidden,
    unexpected: forbidden.filter((kind) => !expected.includes(kind)),
    inconclusive: findings.inconclusive,
    simulatedMs: (endUs - startUs) / 1000,
  };
}

function shows({ anomalies }: Findings, { cause = {}, ...expected }: ExpectedOutcome): boolean {
  return anomalies.some((anomaly) => hasAll(anomaly, expected) && hasAll(anomaly.cause, cause));
}

function hasAll(found: object, expected: object): boolean {
  const values = new Map<string, unknown>(Object.entries(found));
  return Object.entries(expected).every(([name, value]) => values.get(name) === value);
}

/** The kinds of anomaly that occurred and that the level of delivery does not allow. */
function forbiddenKinds(
  { level, judgement, anomalyCounts }: Findings,
  allowReported: readonly LossReason[],
): AnomalyKind[] {
  const { reportedBy } = judgement.delivery.lost;
  const forbidden = Object.entries(reportedBy).some(
    ([reason, count]) => count > 0 && !allowReported.some((allowed) => allowed === reason),
  );
  return ANOMALY_KINDS.filter((kind) => {
    const rule = ruleFor(level, kind);
    return anomalyCounts[kind] > 0 && (rule === 'forbidden' || (rule === 'by-reason' && forbidden));
  });
}
