import { DELIVERY_LEVELS } from '../protocol/frame.ts';
import { MONITORING_SETTINGS } from './monitoring-setting-table.ts';
import type { AnyName, GroupedName, KindOf, Setting, SettingValue } from './setting.ts';
import type { BroadcasterSettings } from './settings.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** In the order of the documentation. */
const table = {
  delivery: {
    kind: 'choice',
    choices: DELIVERY_LEVELS,
    default: 'at-least-once',
    path: 'delivery',
    option: true,
    meaning: 'The level of delivery of the server.',
  },
  ackTimeoutMs: {
    kind: 'ms',
    default: 5000,
    min: 1,
    path: 'outbox.ackTimeout',
    option: true,
    meaning: 'How long a sent message waits for its ack before it is resent.',
  },
  resend: {
    kind: 'flag',
    default: true,
    path: 'outbox.resend',
    meaning: 'Resend when the ack timeout passes on an open socket; a resume always replays.',
  },
  maxResend: {
    kind: 'count',
    default: 5,
    min: 0,
    max: 100,
    path: 'outbox.maxResend',
    option: true,
    meaning: 'Unanswered resends after which a message becomes a dead letter.',
  },
  nackBackoffMs: {
    kind: 'ms',
    default: 1000,
    min: 1,
    path: 'outbox.nackBackoff',
    option: true,
    meaning: 'Wait before a nacked message is resent; doubles with each nack.',
  },
  maxPending: {
    kind: 'count',
    default: 1000,
    min: 1,
    max: 1_000_000,
    path: 'outbox.maxPending',
    option: true,
    meaning: 'Messages an outbox holds before its overflow policy applies.',
  },
  outboxBytesMax: {
    kind: 'bytes',
    default: 16 * MIB,
    min: 1,
    path: 'outbox.maxBytes',
    option: true,
    meaning: 'Bytes of messages an outbox holds before its overflow policy applies.',
  },
  outboxBytesTotalMax: {
    kind: 'bytes',
    default: 128 * MIB,
    min: 1,
    path: 'outbox.maxBytesTotal',
    option: true,
    meaning:
      'Bytes that all outboxes together hold, a message once and its entry in each; an outbox is full when it reaches the remainder.',
  },
  overflow: {
    kind: 'choice',
    choices: ['reject', 'drop-oldest', 'disconnect', 'pause'],
    default: 'reject',
    path: 'outbox.overflow',
    option: true,
    meaning:
      'Policy for a message to a full outbox; pause: its publisher waits, at most the message timeout.',
  },
  waitingBytesMax: {
    kind: 'bytes',
    default: 32 * MIB,
    min: 1,
    path: 'outbox.maxWaitingBytes',
    option: true,
    meaning: 'overflow pause: bytes of waiting publishes; more are rejected.',
  },
  resumeTtlMs: {
    kind: 'ms',
    default: 30_000,
    min: 1,
    path: 'resumeTtl',
    option: true,
    meaning: 'How long the session of a disconnected client is kept.',
  },
  bufferBytesWarn: {
    kind: 'bytes',
    default: 512 * KIB,
    min: 0,
    path: 'buffer.warn',
    meaning: 'bufferedAmount above which a socket is reported.',
  },
  bufferBytesMax: {
    kind: 'bytes',
    default: MIB,
    min: 1,
    minInScenario: 0,
    path: 'buffer.max',
    option: true,
    meaning: 'bufferedAmount above which a socket is not written to.',
  },
  bufferWarnIntervalMs: {
    kind: 'ms',
    default: 5000,
    min: 0,
    path: 'buffer.warnInterval',
    meaning: 'Shortest time between two warnings about one client.',
  },
  pingIntervalMs: {
    kind: 'ms',
    default: 30_000,
    min: 1,
    path: 'heartbeat.interval',
    option: true,
    meaning: 'Time between two pings of one connection.',
  },
  pongTimeoutMs: {
    kind: 'ms',
    default: 10_000,
    min: 1,
    path: 'heartbeat.timeout',
    option: true,
    meaning: 'How long a pong may take.',
  },
  missedPongsMax: {
    kind: 'count',
    default: 2,
    min: 1,
    max: 100,
    path: 'heartbeat.missed',
    option: true,
    meaning: 'Pongs missed in a row after which a connection is terminated.',
  },
  readBytesPerSecMin: {
    kind: 'bytes-per-second',
    default: 32 * KIB,
    min: 1,
    path: 'heartbeat.minRate',
    option: true,
    meaning:
      'The least that a client has to read: its pong may be late by the time that this takes for what was sent before the ping.',
  },
  batchSize: {
    kind: 'count',
    default: 100,
    min: 1,
    max: 1_000_000,
    path: 'broadcast.batchSize',
    option: true,
    meaning: 'Clients written to before the fan-out yields.',
  },
  batchDelayMs: {
    kind: 'ms',
    default: 10,
    min: 0,
    path: 'broadcast.batchDelay',
    option: true,
    meaning: 'Pause between two batches; 0ms yields to the event loop and goes on.',
  },
  retryAttempts: {
    kind: 'count',
    default: 2,
    min: 0,
    max: 100,
    path: 'broadcast.retryAttempts',
    meaning: 'Retries of a transient send failure without an outbox.',
  },
  retryDelayMs: {
    kind: 'ms',
    default: 100,
    min: 0,
    path: 'broadcast.retryDelay',
    meaning: 'Wait before a retry, multiplied by the attempt.',
  },
  messageTimeoutMs: {
    kind: 'ms',
    default: 5000,
    min: 1,
    minInScenario: 0,
    path: 'broadcast.messageTimeout',
    option: true,
    meaning: 'Time after which an unsent message counts as failed.',
  },
  requestBytesMax: {
    kind: 'bytes',
    default: 4 * MIB,
    min: 1,
    path: 'requests.maxBytes',
    option: true,
    meaning: 'Unanswered bytes that a client may send; more are rejected.',
  },
  requestBytesTotalMax: {
    kind: 'bytes',
    default: 32 * MIB,
    min: 1,
    path: 'requests.maxBytesTotal',
    option: true,
    meaning: 'Unanswered bytes of all clients together.',
  },
  deadLetterBytesMax: {
    kind: 'bytes',
    default: 16 * MIB,
    min: 1,
    path: 'deadLetters.maxBytes',
    option: true,
    meaning: 'Bytes of dead letters that are kept for inspection, the newest first.',
  },
  helloTimeoutMs: {
    kind: 'ms',
    default: 5000,
    min: 1,
    path: 'helloTimeout',
    option: true,
    meaning: 'How long a new connection may take to send its hello.',
  },
  connectionsMax: {
    kind: 'count',
    default: 10_000,
    min: 1,
    inRun: Number.POSITIVE_INFINITY,
    option: true,
    meaning: 'Connections at a time; more are refused.',
  },
  sessionsMax: {
    kind: 'count',
    default: 20_000,
    min: 1,
    inRun: Number.POSITIVE_INFINITY,
    option: true,
    meaning: 'Sessions at a time; more are refused, a resume is always taken.',
  },
  framesPerSecMax: {
    kind: 'count',
    default: 10_000,
    min: 1,
    inRun: Number.POSITIVE_INFINITY,
    option: true,
    meaning: 'Frames a second of one connection; a faster one is read more slowly.',
  },
  broadcaster: {
    kind: 'choice',
    choices: ['robust', 'naive'],
    default: 'robust',
    path: 'broadcaster',
    meaning: 'naive: a plain loop in which one failing send ends the broadcast, for comparison.',
  },
  ...MONITORING_SETTINGS,
} as const satisfies { readonly [Name in Exclude<AnyName, GroupedName>]: KindOf<SettingValue<Name>> };

type Table = typeof table;
export type SettingName = keyof Table;
/** Settings that are options of the library as well. */
export type OptionName = {
  [Name in SettingName]: Table[Name] extends { readonly option: true } ? Name : never;
}[SettingName];
/** Paths in a scenario, each with the name of its setting. */
export type SettingPaths = {
  [Name in SettingName as Table[Name] extends { readonly path: infer Path extends string }
    ? Path
    : never]: Name;
};

export const SETTINGS: Readonly<Record<SettingName, Setting>> = table;
export const SETTING_NAMES = Object.keys(table) as readonly SettingName[];
export const OPTION_NAMES = SETTING_NAMES.filter(
  (name) => 'option' in SETTINGS[name],
) as readonly OptionName[];

const PLACES = SETTING_NAMES.map((name) => {
  const [head = '', key] = name.split('.');
  return { name, head, key };
});

/** Puts settings together, one by one. @param read - has to give each the kind of value that the table says */
export function settingsOf(read: (name: SettingName) => unknown): BroadcasterSettings {
  const settings: Record<string, unknown> = {};
  const groups: Record<string, Record<string, unknown>> = {};
  for (const { name, head, key } of PLACES) {
    const value = read(name);
    if (key === undefined) {
      settings[head] = value;
      continue;
    }
    groups[head] ??= {};
    groups[head][key] = value;
  }
  return { ...settings, ...groups } as unknown as BroadcasterSettings;
}

export const DEFAULT_SETTINGS = settingsOf((name) => SETTINGS[name].default);
