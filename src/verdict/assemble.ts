import { availableParallelism, totalmem } from 'node:os';
import { decide, type Verdict } from '../delivery/verdict.ts';
import { targetText } from '../scenario/target/target-text.ts';
import { writeScenario } from '../scenario/write-scenario.ts';
import { generatorReasons, generatorState } from './generator.ts';
import { type JudgedAssertion, judgeAssertions } from './judge-assertions.ts';
import { type Findings, judgeRun } from './judge-run.ts';
import { defectOf, splitViolations } from './known-defect.ts';
import { measuredOf, withoutHistogram } from './measured.ts';
import { RESULT_SCHEMA, type Result } from './result.ts';
import type { RunRecord } from './run-record.ts';
import { SlowMachine } from './slow-machine.ts';
import { targetAccount } from './target-account.ts';
import { unexpiredSessions } from './unexpired.ts';

export interface ResultContext {
  readonly file: string;
  readonly sha256: string;
  readonly version: string;
  readonly startedAt: string;
}

/** Judges what a run left behind, and puts everything it found out into one document. */
export function assembleResult(
  record: RunRecord,
  context: ResultContext,
  findings: Findings = judgeRun(record),
): Result {
  const { scenario, instants, server } = record;
  const measured = measuredOf(record, findings, (histogram) => histogram.summarise());
  const { verdict, assertions } = weigh(record, findings, measured);
  const { inconclusive, level } = findings;
  const { violations, known } = splitViolations(findings.violations, scenario.expect.defect);
  return {
    schema: RESULT_SCHEMA,
    verdict: verdict.verdict,
    exitCode: verdict.exitCode,
    reasons: [...verdict.reasons, ...generatorReasons(generatorState(record))],
    scenario: {
      name: scenario.name,
      description: scenario.description,
      file: context.file,
      sha256: context.sha256,
      seed: scenario.seed,
      source: writeScenario(scenario),
      resolved: { ...scenario, planned: record.planned },
    },
    guarantee: {
      level,
      status: violations.length > 0 ? 'fail' : inconclusive.length > 0 ? 'inconclusive' : 'pass',
      reasons: [...(violations.length > 0 ? violations : inconclusive.length > 0 ? inconclusive : known)],
    },
    ...defectOf(scenario, verdict),
    ...measured,
    assertions: assertions.map(({ outcome: { text, actual, actualText }, status, late }) => ({
      text,
      ...(actual === undefined ? {} : { actual }),
      actualText,
      status,
      ...(late === undefined ? {} : { late }),
    })),
    environment: {
      wsdeliver: context.version,
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      cpus: availableParallelism(),
      memoryBytes: totalmem(),
      startedAt: context.startedAt,
      durationMs: Math.round((instants.endUs - instants.startUs) / 1000),
    },
    ...(scenario.target === undefined
      ? {}
      : { target: targetText(scenario.target), driver: scenario.target.driver }),
    ...targetAccount(record),
    serverEvidence: server !== undefined,
    ...(record.world === 'virtual' ? { simulated: true } : {}),
    ...(record.interrupted ? { partial: true } : {}),
  };
}

/** The verdict alone, at a fraction of what the whole document costs. */
export function verdictOf(record: RunRecord, findings: Findings): Verdict {
  const { assert, defect } = record.scenario.expect;
  const unasked = assert.length === 0 && defect === undefined;
  return weigh(record, findings, unasked ? {} : measuredOf(record, findings, withoutHistogram)).verdict;
}

function weigh(
  record: RunRecord,
  { violations: all, resourceViolations, inconclusive }: Findings,
  measured: object,
): { readonly verdict: Verdict; readonly assertions: readonly JudgedAssertion[] } {
  const isComplete = record.fleets.length >= record.workers.length;
  const unexpired = unexpiredSessions(record);
  const assertions = judgeAssertions(record.scenario, measured, {
    isComplete,
    machine: new SlowMachine(record),
    unexpired,
  });
  // A run that was cut short, or lost its target, had no chance to meet them; the report shows how far they got.
  const weighed = record.interrupted || record.targetGone ? [] : assertions;
  const { violations, missing } = splitViolations(all, record.scenario.expect.defect);
  const verdict = decide({
    violations,
    resourceViolations,
    assertions: weighed.map(({ outcome, assertion, status, late, defect }) => ({
      status,
      class: assertion.metric.concerns,
      late,
      defect,
      assertion: outcome.text,
      actual: outcome.actualText,
    })),
    inconclusive: [
      ...inconclusive,
      ...missing,
      ...(weighed.some(({ hangsOnExpiry }) => hangsOnExpiry)
        ? [{ code: 'sessions-unexpired', count: unexpired } as const]
        : []),
    ],
  });
  return { verdict, assertions };
}
