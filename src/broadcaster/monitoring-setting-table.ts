import type { GroupedName, KindOf, SettingValue } from './setting.ts';

const MIB = 1024 * 1024;

/** Settings about failures, the queue and alerts. */
export const MONITORING_SETTINGS = {
  'failures.threshold': {
    kind: 'count',
    default: 5,
    min: 1,
    max: 100,
    path: 'failures.threshold',
    meaning: 'Failures within the window from which on a client is problematic.',
  },
  'failures.windowMs': {
    kind: 'ms',
    default: 60_000,
    min: 0,
    path: 'failures.window',
    meaning:
      'How far back failures count; a client without a failure for this long is no longer problematic.',
  },
  'failures.globalRatio': {
    kind: 'share',
    default: 0.1,
    min: 0,
    path: 'failures.globalRate',
    meaning: 'Share of failed sends within the window above which a warning is raised.',
  },
  'failures.historyMs': {
    kind: 'ms',
    default: 300_000,
    min: 0,
    path: 'failures.history',
    meaning: 'How long the failures of a client are kept, at most 100.',
  },
  'failures.strategy': {
    kind: 'choice',
    choices: ['none', 'disconnect', 'throttle', 'degraded'],
    default: 'none',
    path: 'failures.strategy',
    meaning: 'Action on a problematic client: close it with 4429, throttle it, or degrade it.',
  },
  'failures.throttlePerSec': {
    kind: 'per-second',
    default: 10,
    min: 0,
    path: 'failures.throttleRate',
    meaning: 'throttle: messages per second for a problematic client.',
  },
  'failures.keepEvery': {
    kind: 'count',
    default: 5,
    min: 2,
    max: 1_000_000,
    path: 'failures.keepEvery',
    meaning:
      'degraded: a problematic client gets one in this many messages of a room, and a gap for the rest.',
  },
  'queue.size': {
    kind: 'count',
    default: 10_000,
    min: 1,
    max: 1_000_000,
    path: 'queue.size',
    meaning: 'Messages that the queue holds before it rejects more.',
  },
  'queue.bytesMax': {
    kind: 'bytes',
    default: 32 * MIB,
    min: 1,
    path: 'queue.maxBytes',
    meaning: 'Bytes that the queue holds; each recipient still missing a message counts 64.',
  },
  'queue.retries': {
    kind: 'count',
    default: 3,
    min: 0,
    max: 100,
    path: 'queue.retries',
    meaning: 'Attempts after the first, for the recipients that failed.',
  },
  'queue.retryDelayMs': {
    kind: 'ms',
    default: 1000,
    min: 0,
    path: 'queue.retryDelay',
    meaning: 'Wait before a retry, multiplied by its number.',
  },
  'queue.intervalMs': {
    kind: 'ms',
    default: 100,
    min: 0,
    path: 'queue.interval',
    meaning: 'Interval at which the queue is processed.',
  },
  'alerts.windowMs': {
    kind: 'ms',
    default: 300_000,
    min: 0,
    path: 'alerts.window',
    meaning: 'Time over which the failure rate and the latency are measured.',
  },
  'alerts.failureRatio': {
    kind: 'share',
    default: 0.1,
    min: 0,
    path: 'alerts.failureRate',
    meaning: 'Share of failed sends above which an alert is raised.',
  },
  'alerts.bufferRatio': {
    kind: 'share',
    default: 0.8,
    min: 0,
    path: 'alerts.buffer',
    meaning: 'Share of buffer.max above which an alert is raised.',
  },
  'alerts.latencyMs': {
    kind: 'ms',
    default: 100,
    min: 0,
    path: 'alerts.latency',
    meaning: 'Mean time to the ack, or to the socket without acks, above which an alert is raised.',
  },
  'alerts.actions': {
    kind: 'list',
    choices: ['log', 'disconnect', 'scale'],
    default: ['log'],
    path: 'alerts.actions',
    meaning:
      'Actions of an alert: write it to the log, close the client concerned, run the hook under "scale".',
  },
} as const satisfies { readonly [Name in GroupedName]: KindOf<SettingValue<Name>> };
