import { availableParallelism, totalmem } from 'node:os';
import { type Judgement, inconclusiveReasons, judge } from '../delivery/checker.ts';
import {
  type ConductObservations,
  detectionBudgetUs,
  judgeConduct,
  mergeAnomalyCounts,
  shortestSilenceUs,
} from '../delivery/conduct.ts';
import { resourceViolations, violations } from '../delivery/guarantee.ts';
import { decide } from '../delivery/verdict.ts';
import { findFault } from '../faults/registry.ts';
import { Histogram } from '../measure/histogram.ts';
import { Spread } from '../measure/spread.ts';
import { type Assertion, evaluateAssertion, parseAssertion } from '../scenario/assertion.ts';
import type { Scenario } from '../scenario/schema.ts';
import { clientsOf } from '../scenario/timeline.ts';
import type { FaultRecord } from './client-faults.ts';
import type { FleetRecord } from './fleet.ts';
import { type GeneratorState, generatorState } from './generator.ts';
import { RESULT_SCHEMA, type Result } from './result.ts';
import type { RunRecord } from './scenario-run.ts';

/** Heartbeats are timers too: a loaded event loop may be this late without being wrong. */
const DETECTION_GRACE_US = 1_000_000;
const STUCK_PATIENCE_US = 1_000_000;

export interface ResultContext {
  readonly file: string;
  readonly sha256: string;
  readonly version: string;
  readonly startedAt: string;
}

/** Judges what a run left behind, and puts everything it found out into one document. */
export function assembleResult(record: RunRecord, context: ResultContext): Result {
  const { scenario, instants, drain, server } = record;
  const fleets = record.workers.flatMap((worker) => worker.record ?? []);
  const level = scenario.expect.guarantee ?? scenario.server.delivery;
  const evidence = server?.record.toRecord();
  const judgement = judge({
    log: record.publishers.log,
    clients: fleets.flatMap(({ clients }) => clients),
    examples: fleets.flatMap(({ examples }) => examples),
    ...(evidence === undefined ? {} : { evidence }),
    level: scenario.server.delivery,
    drain,
    originUs: instants.loadFromUs,
    endUs: instants.endUs,
    awayOnPurpose: new Set(fleets.flatMap(({ gone }) => gone)),
  });
  const faults = mergeFaults(record, fleets);
  const conduct = judgeConduct(observe(record, fleets, faults), instants.loadFromUs);
  const anomalyCounts = mergeAnomalyCounts(judgement.anomalyCounts, conduct.anomalyCounts);
  const generator = generatorState(record);
  const broken = violations(level, judgement.delivery, anomalyCounts, scenario.expect.allowReported);
  const inconclusive = [...doubts(record, fleets, faults), ...inconclusiveReasons(judgement)];
  const measured = {
    delivery: judgement.delivery,
    profiles: profilesOf(scenario, judgement, fleets),
    ...(judgement.belief === undefined ? {} : { belief: judgement.belief }),
    anomalies: [...judgement.anomalies, ...conduct.anomalies],
    anomalyCounts,
    latency: latenciesOf(record, fleets),
    saturation: record.sampler?.summarise(instants.loadFromUs) ?? {},
    alerts: record.sampler?.alerts(instants.loadFromUs) ?? [],
    ...(server === undefined ? {} : { broadcast: broadcastOf(record) }),
    generator: generator.document,
    faults: faultOutcomes(faults, instants.loadFromUs),
    rate: ratesOf(record, fleets),
  };
  const assertions = evaluate(scenario, measured);
  const verdict = decide({
    violations: broken,
    resourceViolations: resourceViolations(anomalyCounts),
    assertions: assertions.map(({ outcome, assertion }) => ({
      status: outcome.status,
      class: assertion.metric.concerns,
      latency: assertion.metric.unit === 'duration',
      text: `${outcome.text} (${outcome.actualText})`,
    })),
    inconclusive,
    generatorLate: generator.late,
  });
  return {
    schema: RESULT_SCHEMA,
    verdict: verdict.verdict,
    exitCode: verdict.exitCode,
    reasons: [...verdict.reasons, ...generatorNotes(generator)],
    scenario: {
      name: scenario.name,
      description: scenario.description,
      file: context.file,
      sha256: context.sha256,
      seed: scenario.seed,
      resolved: { ...scenario, planned: record.planned },
    },
    guarantee: {
      level,
      status: broken.length > 0 ? 'fail' : inconclusive.length > 0 ? 'inconclusive' : 'pass',
      reasons: broken.length > 0 ? broken : inconclusive,
    },
    ...measured,
    assertions: assertions.map(({ outcome: { text, actual, actualText, status } }) => ({
      text,
      ...(actual === undefined ? {} : { actual }),
      actualText,
      status,
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
    ...(scenario.target === undefined ? {} : { target: scenario.target }),
    serverEvidence: server !== undefined,
    ...(record.interrupted ? { partial: true } : {}),
  };
}

/** Why the run says too little, apart from what the checker finds missing. */
function doubts(record: RunRecord, fleets: readonly FleetRecord[], faults: readonly FaultRecord[]): string[] {
  const { scenario, interrupted, drain } = record;
  const asked = clientsOf(scenario).count;
  const found: string[] = [...record.troubles];
  if (interrupted) found.push('the run was interrupted');
  if (record.connected < asked) {
    const failures = record.workers.map(({ status }) => status?.lastFailure ?? '').find((text) => text !== '');
    found.push(`${record.connected} of ${asked} clients connected${failures === undefined ? '' : ` (${failures})`}`);
  }
  if (record.probed < record.connected) {
    found.push(`${record.connected - record.probed} connected clients never received the probe`);
  }
  const silent = record.workers.filter(({ lost, record: kept }) => lost === undefined && kept === undefined);
  for (const { worker } of silent) found.push(`load worker ${worker} did not hand over its record`);
  if (fleets.length === 0) found.push('no load worker has anything to tell');
  if (drain === 'progressing' && !interrupted) found.push('the drain was still progressing at its deadline: raise duration.settle');
  if (interrupted) return found;
  for (const { name, fired, planned, index } of faults) {
    if (fired === 0) found.push(`fault ${index + 1} (${name}) never took hold of any of its ${planned} targets`);
  }
  return found;
}

function generatorNotes({ document }: GeneratorState): string[] {
  return document.status === 'valid' ? [] : document.reasons.map((reason) => `load generator ${document.status}: ${reason}`);
}

function evaluate(
  scenario: Scenario,
  measured: object,
): { readonly assertion: Assertion; readonly outcome: ReturnType<typeof evaluateAssertion> }[] {
  const context = {
    profiles: scenario.clients.map(({ profile }) => profile),
    faults: scenario.faults.map((fault) => fault.do),
  };
  return scenario.expect.assert.map((text) => {
    const reading = parseAssertion(text, context);
    if (!reading.ok) throw new Error(`Cannot evaluate "${text}": ${reading.message}`);
    return { assertion: reading.assertion, outcome: evaluateAssertion(reading.assertion, measured) };
  });
}

/** Adds up what the workers and the server say of each fault. */
function mergeFaults(record: RunRecord, fleets: readonly FleetRecord[]): FaultRecord[] {
  const merged = new Map<number, FaultRecord>();
  for (const part of [...fleets.flatMap(({ faults }) => faults), ...record.serverFaults]) {
    const known = merged.get(part.index);
    merged.set(part.index, known === undefined ? part : addFaults(known, part));
  }
  return [...merged.values()].sort((a, b) => a.index - b.index);
}

function addFaults(a: FaultRecord, b: FaultRecord): FaultRecord {
  return {
    ...a,
    planned: a.planned + b.planned,
    fired: a.fired + b.fired,
    effects: a.effects + b.effects,
    firstFiredUs: earlier(a.firstFiredUs, b.firstFiredUs),
    firstEffectUs: earlier(a.firstEffectUs, b.firstEffectUs),
    holds: [...a.holds, ...b.holds],
  };
}

/** -1 is never. */
function earlier(a: number, b: number): number {
  if (a < 0) return b;
  return b < 0 ? a : Math.min(a, b);
}

function faultOutcomes(faults: readonly FaultRecord[], originUs: number): Result['faults'] {
  return faults.map(({ name, planned, fired, effects, firstFiredUs, firstEffectUs }) => ({
    name,
    planned,
    fired,
    effects,
    ...(firstFiredUs < 0 ? {} : { firstFiredMs: Math.round((firstFiredUs - originUs) / 1000) }),
    ...(firstEffectUs < 0 ? {} : { firstEffectMs: Math.round((firstEffectUs - originUs) / 1000) }),
    fidelity: findFault(name)?.fidelity ?? 'socket',
  }));
}

/** What the conduct checks look at: only what was really observed, so only the reference server's own conduct. */
function observe(record: RunRecord, fleets: readonly FleetRecord[], faults: readonly FaultRecord[]): ConductObservations {
  const { endUs } = record.instants;
  const takeovers = fleets.flatMap(({ twoOwners }) =>
    twoOwners.map((client) => ({ session: `c${client}`, ownedUs: endUs, sentOnOlder: 0, ackedOnOlder: 0 })),
  );
  const { server, scenario } = record;
  if (server === undefined) return { takeovers };
  const { outbox, buffer, heartbeat } = scenario.server;
  const gone = new Set(fleets.flatMap((fleet) => fleet.gone));
  const stuckUs = record.drain === 'stuck' ? endUs - STUCK_PATIENCE_US : endUs;
  const saturation = record.sampler?.summarise(0);
  const beat = { intervalMs: heartbeat.interval, timeoutMs: heartbeat.timeout, missed: heartbeat.missed };
  const largestFrame = Math.max(...scenario.publish.map(({ size }) => size)) + 512;
  return {
    takeovers,
    liveness: server
      .pendingSessions()
      .filter(({ client }) => !gone.has(client))
      .map(({ client, pending }) => ({
        session: `c${client}`,
        pending,
        advancedUs: stuckUs,
        endUs,
        patienceUs: STUCK_PATIENCE_US,
      })),
    bounds: [
      { session: '', what: 'outbox (messages)', seenMax: saturation?.['outbox.pending']?.max ?? 0, cap: outbox.maxPending },
      {
        session: '',
        what: 'socket buffer (bytes)',
        seenMax: saturation?.['buffer.max']?.max ?? 0,
        cap: buffer.max,
        slack: largestFrame,
      },
    ],
    keptSessions: server.absentSessions().map(({ client, sinceUs }) => ({
      session: `c${client}`,
      disconnectedUs: sinceUs,
      seenUs: endUs,
      ttlUs: scenario.server.resumeTtl * 1000,
      graceUs: DETECTION_GRACE_US,
    })),
    silentConnections: faults
      .filter(({ name }) => name === 'half-open')
      .flatMap(({ holds }) =>
        holds.map(([client, fromUs, toUs]) => {
          const untilUs = toUs < 0 ? endUs : toUs;
          const closed = server.record.closes.find((close) => close.client === client && close.atUs >= fromUs && close.atUs <= untilUs);
          return {
            session: `c${client}`,
            silentFromUs: fromUs,
            ...(closed === undefined ? {} : { closedUs: closed.atUs }),
            watchedUntilUs: untilUs,
            budgetUs: detectionBudgetUs(beat) + DETECTION_GRACE_US,
          };
        }),
      ),
    slowConnections: slowConnections(server.record.closes, faults).map(({ client, atUs }) => ({
      session: `c${client}`,
      closedUs: atUs,
      lastSentUs: atUs,
      patienceUs: shortestSilenceUs(beat),
    })),
  };
}

/** Closed for missed pongs although no fault had silenced the client: it was slow at most. */
function slowConnections(
  closes: readonly { readonly client: number; readonly atUs: number; readonly cause: string }[],
  faults: readonly FaultRecord[],
): { readonly client: number; readonly atUs: number }[] {
  const silencing = faults.filter(({ name }) => name === 'half-open' || name === 'no-pong' || name === 'pause-reader');
  const excused = new Set(silencing.flatMap(({ holds }) => holds.map(([client]) => client)));
  return closes.filter(({ cause, client }) => cause === 'missed-pongs' && !excused.has(client));
}

function latenciesOf(record: RunRecord, fleets: readonly FleetRecord[]): Result['latency'] {
  const parts = fleets.flatMap(({ latency }) => latency);
  const spread = new Spread();
  for (const fleet of fleets) spread.merge(fleet.spread);
  const base = profileLatency(parts);
  return {
    ...base,
    fanOutSpread: spread.toHistogram(0).summarise(),
    ...(record.server === undefined ? {} : { ackRoundTrip: record.server.record.ackRoundTrip.summarise() }),
  };
}

function profilesOf(scenario: Scenario, judgement: Judgement, fleets: readonly FleetRecord[]): Result['profiles'] {
  return Object.fromEntries(
    scenario.clients.flatMap(({ profile }, index) => {
      const delivery = judgement.profiles[profile];
      const parts = fleets.flatMap(({ latency }) => latency[index] ?? []);
      return delivery === undefined ? [] : [[profile, { delivery, latency: profileLatency(parts) }]];
    }),
  );
}

function profileLatency(parts: readonly FleetRecord['latency'][number][]): Result['latency'] {
  const first = merged(parts.map(({ firstAttempt }) => firstAttempt));
  const again = merged(parts.map(({ redelivered }) => redelivered));
  const push = new Histogram();
  push.merge(first);
  push.merge(again);
  return {
    push: push.summarise(),
    firstAttempt: first.summarise(),
    redelivered: again.summarise(),
    recovery: merged(parts.map(({ recovery }) => recovery)).summarise(),
  };
}

function merged(summaries: readonly Parameters<typeof Histogram.fromSummary>[0][]): Histogram {
  const sum = new Histogram();
  for (const summary of summaries) sum.merge(Histogram.fromSummary(summary));
  return sum;
}

function broadcastOf({ server }: RunRecord): NonNullable<Result['broadcast']> {
  if (server === undefined) return {};
  const { assigned: _assigned, ...counters } = server.statistics;
  const load = server.load();
  return { ...counters, activeClients: load?.connections ?? 0, healthyClients: load?.healthy ?? 0 };
}

function ratesOf({ instants, publishers, scenario }: RunRecord, fleets: readonly FleetRecord[]): Result['rate'] {
  const seconds = Math.max(0.001, (instants.loadToUs - instants.loadFromUs) / 1e6);
  const delivered = fleets.reduce((sum, { handledInLoad }) => sum + handledInLoad, 0);
  const offered = scenario.publish.reduce((sum, { rate }) => sum + rate, 0);
  return {
    published: publishers.inLoad / seconds,
    delivered: delivered / seconds,
    ...(Number.isFinite(offered) ? { offered } : {}),
  };
}
