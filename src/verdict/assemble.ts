import { availableParallelism, totalmem } from 'node:os';
import type { MetricsSummary } from '../broadcaster/monitoring/broadcast-metrics.ts';
import type { DeliveryCounts } from '../delivery/judgement.ts';
import type { Lateness } from '../delivery/reason.ts';
import { decide, type Verdict } from '../delivery/verdict.ts';
import { findFault } from '../faults/registry.ts';
import type { ProfileMeasures } from '../load/measures.ts';
import { Histogram } from '../measure/histogram.ts';
import {
  type Assertion,
  type AssertionOutcome,
  evaluateAssertion,
  mayBeSlowness,
  parseAssertion,
} from '../scenario/assertion.ts';
import { unitOf } from '../scenario/metric.ts';
import type { Scenario } from '../scenario/schema.ts';
import { targetText } from '../scenario/target/target-text.ts';
import { writeScenario } from '../scenario/write-scenario.ts';
import { generatorDocument, generatorReasons, generatorState } from './generator.ts';
import { type Findings, judgeRun } from './judge-run.ts';
import { RESULT_SCHEMA, type Result } from './result.ts';
import type { RunRecord } from './run-record.ts';
import { SlowMachine } from './slow-machine.ts';

/** Dead letters that the document tells of one by one; a file of its own has them with their payloads. */
const DEAD_LETTERS_SHOWN = 20;

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
  const { violations, inconclusive, level } = findings;
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
      reasons: [...(violations.length > 0 ? violations : inconclusive)],
    },
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
    serverEvidence: server !== undefined,
    ...(record.world === 'virtual' ? { simulated: true } : {}),
    ...(record.interrupted ? { partial: true } : {}),
  };
}

/** The verdict alone, at a fraction of what the whole document costs. */
export function verdictOf(record: RunRecord, findings: Findings): Verdict {
  const unasked = record.scenario.expect.assert.length === 0;
  return weigh(record, findings, unasked ? {} : measuredOf(record, findings, withoutHistogram)).verdict;
}

interface JudgedAssertion {
  readonly assertion: Assertion;
  readonly outcome: AssertionOutcome;
  readonly status: Result['assertions'][number]['status'];
  readonly late: Lateness | undefined;
}

function weigh(
  record: RunRecord,
  { violations, resourceViolations, inconclusive }: Findings,
  measured: object,
): { readonly verdict: Verdict; readonly assertions: readonly JudgedAssertion[] } {
  const isComplete = record.fleets.length >= record.workers.length;
  const assertions = evaluate(record.scenario, measured, { isComplete, machine: new SlowMachine(record) });
  const verdict = decide({
    violations,
    resourceViolations,
    // A run that was cut short, or lost its target, had no chance to meet them; the report shows how far they got.
    assertions: (record.interrupted || record.targetGone ? [] : assertions).map(
      ({ outcome, assertion, status, late }) => ({
        status,
        class: assertion.metric.concerns,
        late,
        assertion: outcome.text,
        actual: outcome.actualText,
      }),
    ),
    inconclusive,
  });
  return { verdict, assertions };
}

/** What was late when an assertion is unmet for it, or a time is met for nothing else but that. */
function latenessBehind(
  assertion: Assertion,
  { status, actual }: AssertionOutcome,
  machine: SlowMachine,
): Lateness | undefined {
  const { metric, bound } = assertion;
  if (status === 'no-data' || actual === undefined || !mayBeSlowness(assertion, actual)) return undefined;
  const isTime = unitOf(metric, assertion.aggregate) === 'duration';
  if (status === 'fail') return machine.lateness(isTime ? Math.abs(actual - bound) : undefined);
  const measuresTime = isTime || metric.name === 'isolation.ratio';
  return measuresTime && machine.isInvalid ? machine.lateness() : undefined;
}

function evaluate(
  scenario: Scenario,
  measured: object,
  { isComplete, machine }: { readonly isComplete: boolean; readonly machine: SlowMachine },
): JudgedAssertion[] {
  const context = {
    profiles: scenario.clients.map(({ profile }) => profile),
    faults: scenario.faults.map((fault) => fault.do),
  };
  return scenario.expect.assert.map((text) => {
    const reading = parseAssertion(text, context);
    if (!reading.ok) throw new Error(`Cannot evaluate "${text}": ${reading.message}`);
    const { assertion } = reading;
    const outcome = evaluateAssertion(assertion, measured);
    if (!isComplete && missedFromBelow(assertion, outcome))
      return { assertion, outcome, status: 'no-data', late: undefined };
    const late = latenessBehind(assertion, outcome, machine);
    return { assertion, outcome, status: late === undefined ? outcome.status : 'inconclusive', late };
  });
}

/** A worker without a record took along what its clients had seen: what is too little without it proves nothing. */
function missedFromBelow({ op, bound }: Assertion, { status, actual = bound }: AssertionOutcome): boolean {
  return status === 'fail' && (op === '>' || (actual < bound && (op === '>=' || op === '==')));
}

type Summarise = (histogram: Histogram) => ReturnType<Histogram['summarise']>;

/** Encoding a histogram costs more than all its figures. */
function withoutHistogram(histogram: Histogram): ReturnType<Histogram['summarise']> {
  return {
    unit: 'us',
    count: histogram.count,
    min: histogram.minUs,
    p50: histogram.quantile(0.5),
    p90: histogram.quantile(0.9),
    p99: histogram.quantile(0.99),
    p999: histogram.quantile(0.999),
    max: histogram.maxUs,
    mean: histogram.meanUs,
    hdr: '',
  };
}

/** The part of the document that assertions may speak of. */
function measuredOf(
  record: RunRecord,
  { judgement, upstream, anomalies, anomalyCounts, faults }: Findings,
  summarise: Summarise,
): Pick<
  Result,
  | 'delivery'
  | 'profiles'
  | 'acks'
  | 'belief'
  | 'anomalies'
  | 'anomalyCounts'
  | 'latency'
  | 'saturation'
  | 'alerts'
  | 'metrics'
  | 'broadcast'
  | 'deadLetters'
  | 'generator'
  | 'faults'
  | 'rate'
> {
  const { scenario, instants, measures, server, sampler } = record;
  return {
    delivery: withUpstream(judgement.delivery, upstream?.delivery),
    profiles: Object.fromEntries(
      scenario.clients.flatMap(({ profile }, index) => {
        const delivery = judgement.profiles[profile];
        const own = measures.profiles.slice(index, index + 1);
        if (delivery === undefined) return [];
        const acks = acksOf(record, index);
        const both = withUpstream(delivery, upstream?.profiles[profile]);
        return [[profile, { delivery: both, latency: latencyOf(own, summarise), acks }]];
      }),
    ),
    acks: acksOf(record),
    ...(judgement.belief === undefined ? {} : { belief: judgement.belief }),
    anomalies: [...anomalies],
    anomalyCounts,
    latency: {
      ...latencyOf(measures.profiles, summarise),
      fanOutSpread: summarise(measures.spread.toHistogram(0)),
      ...(server === undefined ? {} : { ackRoundTrip: summarise(server.ackRoundTrip) }),
      ...(scenario.server.outbox.overflow === 'pause' ? { accept: summarise(record.accept) } : {}),
      ...(server === undefined || upstream === undefined
        ? {}
        : { upstream: summarise(server.upstream.latency) }),
    },
    saturation: sampler?.summarise(instants.loadFromUs) ?? {},
    alerts: [
      ...(server?.alerts.toAlerts(instants.loadFromUs) ?? []),
      ...(sampler?.alerts(instants.loadFromUs) ?? []),
    ],
    ...(server?.metrics === undefined ? {} : { metrics: metricsOf(server.metrics) }),
    ...(server === undefined ? {} : { broadcast: broadcastOf(server) }),
    ...(server === undefined || server.deadLetters.count === 0
      ? {}
      : { deadLetters: deadLettersOf(server, instants) }),
    generator: generatorDocument(record, generatorState(record), summarise),
    faults: faults.map(({ name, planned, fired, effects, firstFiredUs, firstEffectUs }) => ({
      name,
      planned,
      fired,
      effects,
      ...(firstFiredUs < 0 ? {} : { firstFiredMs: Math.round((firstFiredUs - instants.loadFromUs) / 1000) }),
      ...(firstEffectUs < 0
        ? {}
        : { firstEffectMs: Math.round((firstEffectUs - instants.loadFromUs) / 1000) }),
      fidelity: record.world === 'virtual' ? 'simulated' : (findFault(name)?.fidelity ?? 'socket'),
    })),
    rate: ratesOf(record),
    ...isolationOf(record),
  };
}

/** What the faults of some cost the others. */
function isolationOf({ measures }: RunRecord): Pick<Result, 'isolation'> {
  const { calm, beside } = measures.untouched;
  if (calm.count === 0 || beside.count === 0) return {};
  const [baselineP99Us, p99Us] = [calm.quantile(0.99), beside.quantile(0.99)];
  return { isolation: { baselineP99Us, p99Us, ratio: p99Us / Math.max(1, baselineP99Us) } };
}

function latencyOf(parts: readonly ProfileMeasures[], summarise: Summarise): Result['latency'] {
  const [first, again, recovery, push] = [new Histogram(), new Histogram(), new Histogram(), new Histogram()];
  for (const part of parts) {
    first.merge(part.firstAttempt);
    again.merge(part.redelivered);
    recovery.merge(part.recovery);
  }
  push.merge(first);
  push.merge(again);
  return {
    push: summarise(push),
    firstAttempt: summarise(first),
    redelivered: summarise(again),
    recovery: summarise(recovery),
  };
}

function broadcastOf({
  statistics,
  load,
}: NonNullable<RunRecord['server']>): NonNullable<Result['broadcast']> {
  const { sent, resent } = statistics;
  return {
    ...statistics,
    amplification: rounded((sent + resent) / Math.max(1, sent)),
    activeClients: load?.connections ?? 0,
    healthyClients: load?.healthy ?? 0,
  };
}

/** What could not be measured is left out. */
function metricsOf(metrics: MetricsSummary): NonNullable<Result['metrics']> {
  const { windowMs, sent, failed, failures, successRatio, latencyMeanUs } = metrics;
  return {
    windowMs,
    sent,
    failed,
    failures,
    ...(successRatio === undefined ? {} : { successRatio }),
    ...(latencyMeanUs === undefined ? {} : { latencyMeanUs }),
  };
}

function withUpstream(delivery: DeliveryCounts, upstream: DeliveryCounts | undefined): Result['delivery'] {
  return upstream === undefined ? delivery : { ...delivery, upstream };
}

/** @param profile - place in the scenario; absent: all */
function acksOf({ fleets }: RunRecord, profile?: number): NonNullable<Result['acks']> {
  let [frames, messages] = [0, 0];
  for (const { acks } of fleets) {
    for (const part of profile === undefined ? acks : acks.slice(profile, profile + 1)) {
      frames += part.frames;
      messages += part.messages;
    }
  }
  return { frames, perMessage: rounded(frames / Math.max(1, messages)) };
}

function rounded(ratio: number): number {
  return Math.round(ratio * 10_000) / 10_000;
}

function deadLettersOf(
  { deadLetters }: NonNullable<RunRecord['server']>,
  { loadFromUs }: RunRecord['instants'],
): NonNullable<Result['deadLetters']> {
  const { count, byReason } = deadLetters;
  return {
    count,
    byReason: { ...byReason },
    newest: deadLetters
      .after(count - DEAD_LETTERS_SHOWN)
      .map(({ atUs, clientId, seq, reason, attempts, message }) => ({
        atMs: (atUs - loadFromUs) / 1000,
        client: clientId,
        seq,
        type: message.type,
        room: message.room,
        reason,
        attempts,
      })),
  };
}

function ratesOf({ instants, publishedInLoad, scenario, fleets }: RunRecord): Result['rate'] {
  const seconds = Math.max(0.001, (instants.loadToUs - instants.loadFromUs) / 1e6);
  const delivered = fleets.reduce((sum, { handledInLoad }) => sum + handledInLoad, 0);
  const offered = scenario.publish.reduce((sum, { rate }) => sum + rate, 0);
  return {
    published: publishedInLoad / seconds,
    delivered: delivered / seconds,
    ...(Number.isFinite(offered) ? { offered } : {}),
  };
}
