import { ANOMALY_KINDS, anomalyEntry } from '../delivery/anomaly.ts';
import { LOSS_REASONS } from '../delivery/loss-reason.ts';

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
  readonly concerns: 'delivery' | 'performance';
  /** The record has a `count` of samples, and nothing can be said when that is 0. */
  readonly sampled: boolean;
  /** Only what was seen is listed: what a list that is there leaves out is 0. */
  readonly sparse: boolean;
  /** Nobody looks for it without the server's own record. */
  readonly needsServer: boolean;
}

export type MetricUnit = 'count' | 'duration' | 'rate' | 'ratio' | 'bytes';

/** What the broadcaster counts of failures, of its queue and of alerts. */
export const OVERSIGHT_COUNTERS = [
  'aborted',
  'bufferWarnings',
  'bufferWaits',
  'bufferDrops',
  'bufferDropClients',
  'sendErrors',
  'messageTimeouts',
  'ackTimeouts',
  'missedPongs',
  'highFailureRates',
  'problematicClients',
  'recoveredClients',
  'problemDisconnects',
  'throttled',
  'withheld',
  'queueAccepted',
  'queueRejected',
  'queueCompleted',
  'queuePartial',
  'queueFailed',
  'queueRetried',
  'queueRecovered',
  'roomBroadcasts',
  'roomFailures',
  'alerts',
  'failureRateAlerts',
  'bufferAlerts',
  'latencyAlerts',
  'alertDisconnects',
  'scaleRequests',
] as const;

/** Metrics of faults are not in here, see `faultMetric`. */
export const METRICS: readonly Metric[] = [
  ...deliveryMetrics(),
  ...latencyMetrics(),
  ...saturationMetrics(),
  ...ackMetrics(),
  ...plain('rate', ['published', 'delivered'], 'rate'),
  {
    ...metricOf('generator.scheduleSlip', 'duration', ['generator', 'scheduleSlip']),
    aggregates: ['p50', 'p99', 'max'],
    sampled: true,
  },
  ...plain('isolation', ['ratio'], 'count'),
  ...plain('generator', ['connected', 'workersLost'], 'count'),
  ...plain('broadcast', broadcastNames(), 'count'),
  ...anomalyMetrics(),
];

/** Aggregates of `faults.<name>`, summed over the entries of that name. */
export const FAULT_AGGREGATES: readonly string[] = ['planned', 'fired', 'effects'];

/** The metric of the faults of this name. A result lists its faults, so that the path ends at the list. */
export function faultMetric(fault: string): Metric {
  return { ...metricOf(`faults.${fault}`, 'count', ['faults', fault]), aggregates: FAULT_AGGREGATES };
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
    concerns: 'performance',
    sampled: false,
    sparse: false,
    needsServer: false,
  };
}

function plain(section: string, names: readonly string[], unit: MetricUnit): readonly Metric[] {
  return names.map((name) => metricOf(`${section}.${name}`, unit, [section, name]));
}

function deliveryMetrics(): readonly Metric[] {
  const counts = ['published', 'owed', 'delivered', 'lost.silent', 'lost.reported'];
  counts.push(...LOSS_REASONS.map((reason) => `lost.reportedBy.${reason}`));
  counts.push('duplicates.handled', 'duplicates.handledAfterAck', 'duplicates.received');
  counts.push(
    'reordered',
    'rewound',
    'filled',
    'displacementMax',
    'phantom',
    'corrupt',
    'resurrected',
    'recovered',
  );
  counts.push('unresolved', 'notOwed', 'late', 'ackBeforeHandle');
  return [...counts, ...counts.map((count) => `upstream.${count}`)].map((count) => ({
    ...metricOf(`delivery.${count}`, 'count', ['delivery', ...count.split('.')]),
    byProfile: true,
    concerns: 'delivery',
  }));
}

function ackMetrics(): readonly Metric[] {
  return plain('acks', ['frames', 'perMessage'], 'count').map((metric) => ({ ...metric, byProfile: true }));
}

function latencyMetrics(): readonly Metric[] {
  // The others are seen by the server, or between clients of all profiles.
  const byProfile = ['push', 'firstAttempt', 'redelivered', 'recovery'];
  const names = [...byProfile, 'ackRoundTrip', 'fanOutSpread', 'accept', 'upstream'];
  const metrics = names.map((name) => ({
    ...metricOf(`latency.${name}`, 'duration', ['latency', name]),
    aggregates: ['p50', 'p90', 'p99', 'p99.9', 'max', 'min', 'mean', 'count'],
    byProfile: byProfile.includes(name),
    sampled: true,
  }));
  return metrics.flatMap((metric) =>
    metric.name === 'latency.recovery' ? [metric, { ...metric, name: 'recovery' }] : [metric],
  );
}

function saturationMetrics(): readonly Metric[] {
  const units: readonly (readonly [string, MetricUnit])[] = [
    ['outbox.pending', 'count'],
    ['outbox.total', 'count'],
    ['buffer.max', 'bytes'],
    ['buffer.total', 'bytes'],
    ['eventLoopDelay', 'duration'],
    ['rss', 'bytes'],
    ['heapAfterGc', 'bytes'],
    ['sessions', 'count'],
    ['timers', 'count'],
  ];
  return units.map(([name, unit]) => ({
    ...metricOf(`saturation.${name}`, unit, ['saturation', name]),
    aggregates: ['count', 'p50', 'p99', 'max', 'final', 'overWarning', 'slopePerSec'],
    sampled: true,
  }));
}

function broadcastNames(): readonly string[] {
  const sends = ['sent', 'failed', 'skipped', 'dropped', 'retried', 'total', 'resent', 'deadLetters'];
  const losses = [
    'overflowed',
    'slowConsumers',
    'expiredSessions',
    'pausedPublishes',
    'pauseTimeouts',
    'pressured',
  ];
  const upstream = ['upstreamAccepted', 'dedupRejected'];
  const rest = [
    'detectedStale',
    'ackFrames',
    'nacks',
    'gaps',
    'resumes',
    'refusedResumes',
    'takeovers',
    'amplification',
  ];
  const frames = ['malformed', 'protocolErrors', 'actions', 'notices'];
  return [...sends, ...losses, ...upstream, ...rest, ...frames, ...OVERSIGHT_COUNTERS];
}

function anomalyMetrics(): readonly Metric[] {
  return ANOMALY_KINDS.map((kind) => ({
    ...metricOf(`anomalies.${kind}`, 'count', ['anomalyCounts', kind]),
    concerns: 'delivery',
    sparse: true,
    needsServer: anomalyEntry(kind).needsServer === true,
  }));
}
