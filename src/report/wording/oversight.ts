import type { Result } from '../../run/result.ts';
import { formatCount, formatShare, formatUs, plural } from '../figures.ts';

type Broadcast = NonNullable<Result['broadcast']>;

const GROUPS: readonly (readonly [string, readonly (readonly [keyof Broadcast, string])[]])[] = [
  [
    'failures',
    [
      ['aborted', 'broadcasts broken off'],
      ['sendErrors', 'send errors'],
      ['bufferWaits', 'sends that met a full buffer'],
      ['bufferDrops', 'dropped at a full buffer'],
      ['bufferDropClients', 'clients of those'],
      ['bufferWarnings', 'buffer warnings'],
      ['messageTimeouts', 'message timeouts'],
      ['ackTimeouts', 'ack timeouts'],
      ['missedPongs', 'missed pongs'],
      ['highFailureRates', 'over the global failure rate'],
    ],
  ],
  [
    'problematic',
    [
      ['problematicClients', 'times a client became problematic'],
      ['problemDisconnects', 'disconnected'],
      ['throttled', 'sends held back by the throttle'],
      ['withheld', 'messages withheld'],
      ['recoveredClients', 'recovered'],
    ],
  ],
  [
    'queue',
    [
      ['queueAccepted', 'taken'],
      ['queueCompleted', 'completed'],
      ['queuePartial', 'partial'],
      ['queueFailed', 'failed'],
      ['queueRejected', 'refused, queue full'],
      ['queueRetried', 'recipients tried again'],
      ['queueRecovered', 'reached by a retry'],
    ],
  ],
  [
    'rooms',
    [
      ['roomBroadcasts', 'broadcasts to many rooms'],
      ['roomFailures', 'rooms in which one failed'],
    ],
  ],
  [
    'alerts',
    [
      ['alerts', 'raised'],
      ['failureRateAlerts', 'of the failure rate'],
      ['bufferAlerts', 'of a buffer'],
      ['latencyAlerts', 'of latency'],
      ['alertDisconnects', 'clients disconnected'],
      ['scaleRequests', 'requests to scale'],
    ],
  ],
];

/** What the broadcaster says of failures, its queue and alerts, and its metrics of the last window: a line each. */
export function oversightRows({
  broadcast,
  metrics,
}: Result): { readonly label: string; readonly parts: readonly string[] }[] {
  const rows = GROUPS.map(([label, names]) => ({ label, parts: countsOf(broadcast ?? {}, names) }));
  const measured = metrics === undefined ? [] : metricsParts(metrics);
  return [...rows, { label: 'metrics', parts: measured }].filter(({ parts }) => parts.length > 0);
}

function countsOf(broadcast: Broadcast, names: readonly (readonly [keyof Broadcast, string])[]): string[] {
  return names
    .map(([key, label]) => ({ label, count: broadcast[key] ?? 0 }))
    .filter(({ count }) => count > 0)
    .map(({ label, count }) => `${formatCount(count)} ${label}`);
}

function metricsParts({
  windowMs,
  successRatio,
  latencyMeanUs,
  failures,
}: NonNullable<Result['metrics']>): string[] {
  if (successRatio === undefined) return [];
  const kinds = Object.entries(failures).filter(([, count]) => count > 0);
  return [
    `${formatShare(successRatio)} of attempts in the last ${plural(Math.round(windowMs / 1000), 'second')} succeeded`,
    ...(latencyMeanUs === undefined ? [] : [`${formatUs(latencyMeanUs)} each on average`]),
    ...kinds.map(([kind, count]) => `${formatCount(count)} ${kind}`),
  ];
}
