import { COUNTER_NAMES, COUNTERS } from '../broadcaster/counter.ts';
import { ANOMALY_KINDS, anomalyEntry } from '../delivery/anomaly.ts';
import { LOSS_REASONS } from '../delivery/loss-reason.ts';
import { type Slowness, slownessOfKind, slownessOfReason } from '../delivery/slowness.ts';

/**
 * The names that assertions may use, as data: where the value stands in a result, in which unit, and whether a
 * broken promise about it is one of delivery or of performance.
 */
export interface Metric {
  /** Without the aggregate. */
  readonly name: string;
  /** Unit of the value in the result: durations in µs, rates per second, ratios 0..1. */
  readonly unit: MetricUnit;
  /** Empty: the name stands for one value. */
  readonly aggregates: readonly string[];
  /** Where the value, or the record of the aggregates, stands in a result. */
  readonly path: readonly string[];
  /** Whether `{profile:x}` may narrow it. */
  readonly byProfile: boolean;
  /** Whether `{service:x}` has to say of which process. */
  readonly byService: boolean;
  readonly concerns: 'delivery' | 'performance';
  /** Which way a slow machine may move the value, whatever the server does. */
  readonly slowness: Slowness;
  /** The record has a `count` of samples, and nothing can be said when that is 0. */
  readonly sampled: boolean;
  /** Only what was seen is listed: what a list that is there leaves out is 0. */
  readonly sparse: boolean;
  /** Its value is a record of counts by number, of which a label picks one, as in `{status:503}`; without it: their sum. */
  readonly countsBy: 'status' | 'code' | undefined;
  /** Nobody looks for it without the server's own record. */
  readonly needsServer: boolean;
  /** Of a process and its resources: virtual time has none. */
  readonly ofProcess: boolean;
}

export type MetricUnit = 'count' | 'duration' | 'rate' | 'ratio' | 'bytes';

/** Counts of deliveries that need no clock come first: late is not lost, damaged or in the wrong order. */
const DELIVERY_COUNTS: readonly (readonly [name: string, slowness: Slowness])[] = [
  ['published', 'lowers'],
  ['owed', 'lowers'],
  ['delivered', 'lowers'],
  ['lost.silent', 'lowers'],
  ['lost.reported', 'either'],
  ...LOSS_REASONS.map((reason) => [`lost.reportedBy.${reason}`, slownessOfReason(reason)] as const),
  ['duplicates.handled', 'either'],
  ['duplicates.handledAfterAck', 'lowers'],
  ['duplicates.received', 'either'],
  ['reordered', 'lowers'],
  ['rewound', 'lowers'],
  ['filled', 'lowers'],
  ['displacementMax', 'lowers'],
  ['phantom', 'lowers'],
  ['corrupt', 'lowers'],
  ['resurrected', 'lowers'],
  ['recovered', 'either'],
  ['unresolved', 'either'],
  ['notOwed', 'either'],
  ['late', 'raises'],
  ['ackBeforeHandle', 'lowers'],
];

/** Of a quantity over time. */
const SERIES_AGGREGATES: readonly string[] = [
  'count',
  'p50',
  'p99',
  'max',
  'final',
  'overWarning',
  'slopePerSec',
];

/** What a process of a service and its children use, as the system counts it. */
export const SERVICE_SERIES = {
  cpu: 'cores',
  rss: 'bytes',
  descriptors: 'descriptors',
  threads: 'threads',
} as const;
export type ServiceSeries = keyof typeof SERVICE_SERIES;

const LATENCY_AGGREGATES: readonly string[] = ['p50', 'p90', 'p99', 'p99.9', 'max', 'min', 'mean', 'count'];

/** Metrics of faults are not in here, see `faultMetric`. */
export const METRICS: readonly Metric[] = [
  ...deliveryMetrics(),
  ...latencyMetrics(),
  ...saturationMetrics(),
  ...serviceMetrics(),
  ...ackMetrics(),
  ...plain('rate', ['published', 'delivered'], 'rate', 'lowers'),
  {
    ...metricOf('generator.scheduleSlip', 'duration', ['generator', 'scheduleSlip']),
    slowness: 'raises',
    aggregates: ['p50', 'p99', 'max'],
    sampled: true,
  },
  ...connectMetrics(),
  ...plain('isolation', ['ratio'], 'count'),
  ...plain('generator', ['connected', 'workersLost'], 'count'),
  ...broadcastMetrics(),
  ...anomalyMetrics(),
];

/** Aggregates of `faults.<name>`, summed over the entries of that name. */
export const FAULT_AGGREGATES: readonly string[] = ['planned', 'fired', 'effects'];

/** The metric of the faults of this name. A result lists its faults, so that the path ends at the list. */
export function faultMetric(fault: string): Metric {
  return { ...metricOf(`faults.${fault}`, 'count', ['faults', fault]), aggregates: FAULT_AGGREGATES };
}

/** A slow machine may change how many samples there are either way, whatever it does to their values. */
export function slownessOf(metric: Metric, aggregate: string | undefined): Slowness {
  return aggregate === 'count' ? 'either' : metric.slowness;
}

/** Some aggregates are in another unit than their metric. */
export function unitOf(metric: Metric, aggregate: string | undefined): MetricUnit {
  if (aggregate === 'count') return 'count';
  return aggregate === 'overWarning' ? 'ratio' : metric.unit;
}

/** Every name that can stand in an assertion, aggregates included, for documentation and suggestions. */
export function metricNames(faults: readonly string[]): readonly string[] {
  return [...METRICS, ...faults.map(faultMetric)].flatMap(({ name, aggregates }) =>
    aggregates.length === 0 ? [name] : aggregates.map((aggregate) => `${name}.${aggregate}`),
  );
}

function metricOf(name: string, unit: MetricUnit, path: readonly string[]): Metric {
  return {
    name,
    unit,
    path,
    aggregates: [],
    byProfile: false,
    byService: false,
    concerns: 'performance',
    slowness: 'either',
    sampled: false,
    sparse: false,
    countsBy: undefined,
    needsServer: false,
    ofProcess: false,
  };
}

function plain(
  section: string,
  names: readonly string[],
  unit: MetricUnit,
  slowness: Slowness = 'either',
): readonly Metric[] {
  return names.map((name) => ({ ...metricOf(`${section}.${name}`, unit, [section, name]), slowness }));
}

function deliveryMetrics(): readonly Metric[] {
  return ['', 'upstream.'].flatMap((prefix) =>
    DELIVERY_COUNTS.map(([count, slowness]) => ({
      ...metricOf(`delivery.${prefix}${count}`, 'count', ['delivery', ...`${prefix}${count}`.split('.')]),
      byProfile: true,
      concerns: 'delivery' as const,
      slowness,
    })),
  );
}

function ackMetrics(): readonly Metric[] {
  return plain('acks', ['frames', 'perMessage'], 'count').map((metric) => ({ ...metric, byProfile: true }));
}

/** A slow machine answers late, which may cost a connection; one that lasts lasts. */
function connectMetrics(): readonly Metric[] {
  return [
    ...plain('connect', ['attempts', 'opened', 'failed', 'denied'], 'count'),
    ...(['refused', 'closed'] as const).flatMap((name) =>
      plain('connect', [name], 'count').map((metric) => ({
        ...metric,
        countsBy: name === 'refused' ? ('status' as const) : ('code' as const),
      })),
    ),
    {
      ...metricOf('connect.lifetime', 'duration', ['connect', 'lifetime']),
      aggregates: LATENCY_AGGREGATES,
      sampled: true,
    },
    ...plain('connect', ['connectedShare'], 'ratio', 'lowers'),
  ];
}

function latencyMetrics(): readonly Metric[] {
  // The others are seen by the server, or between clients of all profiles.
  const byProfile = ['push', 'firstAttempt', 'redelivered', 'recovery'];
  const names = [...byProfile, 'ackRoundTrip', 'fanOutSpread', 'accept', 'upstream', 'connect', 'subscribe'];
  const metrics = names.map((name) => ({
    ...metricOf(`latency.${name}`, 'duration', ['latency', name]),
    aggregates: LATENCY_AGGREGATES,
    byProfile: byProfile.includes(name),
    slowness: 'raises' as const,
    sampled: true,
  }));
  return metrics.flatMap((metric) =>
    metric.name === 'latency.recovery' ? [metric, { ...metric, name: 'recovery' }] : [metric],
  );
}

function saturationMetrics(): readonly Metric[] {
  const entries: readonly (readonly [string, MetricUnit, 'server' | 'process'])[] = [
    ['outbox.pending', 'count', 'server'],
    ['outbox.total', 'count', 'server'],
    ['outbox.bytes', 'bytes', 'server'],
    ['buffer.max', 'bytes', 'server'],
    ['buffer.total', 'bytes', 'server'],
    ['eventLoopDelay', 'duration', 'process'],
    ['rss', 'bytes', 'process'],
    ['heapAfterGc', 'bytes', 'process'],
    ['sessions', 'count', 'server'],
    ['timers', 'count', 'process'],
  ];
  return entries.map(([name, unit, of]) => ({
    ...metricOf(`saturation.${name}`, unit, ['saturation', name]),
    aggregates: SERIES_AGGREGATES,
    sampled: true,
    ofProcess: of === 'process',
  }));
}

/** The name of such a series in a result, without the `saturation.` in front. */
export function serviceSeriesName(series: ServiceSeries, instance: string): string {
  return `services.${series}{service:${instance}}`;
}

function serviceMetrics(): readonly Metric[] {
  return Object.entries(SERVICE_SERIES).map(([name, unit]) => ({
    ...metricOf(`saturation.services.${name}`, unit === 'bytes' ? 'bytes' : 'count', [
      'saturation',
      `services.${name}`,
    ]),
    aggregates: SERIES_AGGREGATES,
    byService: true,
    sampled: true,
    ofProcess: true,
  }));
}

function broadcastMetrics(): readonly Metric[] {
  return [
    ...COUNTER_NAMES.flatMap((name) =>
      plain('broadcast', [name], 'count', COUNTERS[name].untimed ? 'lowers' : 'either'),
    ),
    ...plain('broadcast', ['amplification'], 'count'),
  ];
}

function anomalyMetrics(): readonly Metric[] {
  return ANOMALY_KINDS.map((kind) => ({
    ...metricOf(`anomalies.${kind}`, 'count', ['anomalyCounts', kind]),
    concerns: 'delivery',
    slowness: slownessOfKind(kind),
    sparse: true,
    needsServer: anomalyEntry(kind).needsServer === true,
  }));
}
