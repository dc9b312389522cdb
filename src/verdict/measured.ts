import type { MetricsSummary } from '../broadcaster/monitoring/broadcast-metrics.ts';
import type { DeliveryCounts } from '../delivery/judgement.ts';
import { findFault } from '../faults/registry.ts';
import type { ProfileMeasures } from '../load/measures.ts';
import { Histogram } from '../measure/histogram.ts';
import { connectionsOf } from './connections.ts';
import { generatorDocument, generatorState } from './generator.ts';
import type { Findings } from './judge-run.ts';
import type { Result } from './result.ts';
import type { RunRecord } from './run-record.ts';

/** Dead letters that the document tells of one by one; a file of its own has them with their payloads. */
const DEAD_LETTERS_SHOWN = 20;

export type Summarise = (histogram: Histogram) => ReturnType<Histogram['summarise']>;

/** Encoding a histogram costs more than all its figures. */
export function withoutHistogram(histogram: Histogram): ReturnType<Histogram['summarise']> {
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
export function measuredOf(
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
  | 'services'
  | 'rate'
  | 'connect'
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
    latency: latenciesOf(record, upstream !== undefined, summarise),
    saturation: {
      ...sampler?.summarise(instants.loadFromUs),
      ...record.services?.series(instants.loadFromUs),
    },
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
    ...servicesOf(record),
    rate: ratesOf(record),
    connect: connectionsOf(record, summarise),
    ...isolationOf(record),
  };
}

/** Output is kept of those alone that went wrong: of the others nobody asks for it. */
function servicesOf({ services, instants }: RunRecord): Pick<Result, 'services'> {
  if (services === undefined) return {};
  return {
    services: services.services.map(({ name, port, starts, ends, late, output }) => ({
      name,
      port,
      starts,
      ends: ends.map(({ atUs, by, code, signal }) => ({
        atMs: Math.round((atUs - instants.loadFromUs) / 1000),
        by,
        ...(code === undefined ? {} : { exitCode: code }),
        ...(signal === undefined ? {} : { signal }),
      })),
      ...(late.length > 0 || ends.some(({ by }) => by === 'itself') ? { output: [...output] } : {}),
    })),
  };
}

function latenciesOf(
  { measures, server, scenario, accept }: RunRecord,
  hasUpstream: boolean,
  summarise: Summarise,
): Result['latency'] {
  return {
    ...latencyOf(measures.profiles, summarise),
    fanOutSpread: summarise(measures.spread.toHistogram(0)),
    connect: summarise(measures.connections.toOpen),
    subscribe: summarise(measures.connections.toReady),
    ...(server === undefined ? {} : { ackRoundTrip: summarise(server.ackRoundTrip) }),
    ...(scenario.server.outbox.overflow === 'pause' ? { accept: summarise(accept) } : {}),
    ...(server === undefined || !hasUpstream ? {} : { upstream: summarise(server.upstream.latency) }),
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
