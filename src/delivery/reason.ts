import { ANOMALY_KINDS, type AnomalyKind } from './anomaly.ts';
import { STAGES } from './cause.ts';
import type { FactOf } from './fact.ts';
import { DELIVERY_LEVELS } from './level.ts';
import { LOSS_REASONS } from './loss-reason.ts';

/** Anomalies that the counts of a run can show, and holes that a resend filled late. */
export const BROKEN = [...ANOMALY_KINDS, 'filled'] as const;
export type Broken = (typeof BROKEN)[number];

/** Kinds of violations: those of `BROKEN`, a failed assertion, and an exception. */
export const VIOLATION_KINDS = [...BROKEN, 'assertion', 'crash'] as const;
export type ViolationKind = (typeof VIOLATION_KINDS)[number];

const DIRECTIONS = ['down', 'up'] as const;
const PROCESSES = ['server', 'worker'] as const;
/** Everything whose lateness is not the fault of the server under test. */
export const DELAYED = ['schedule', ...PROCESSES] as const;

/** Lateness on the machine that ran the clients and the publishers. `worker` is absent for other processes. */
export const LATENESS = {
  'schedule-slipped': { p99Us: 'number' },
  'loop-delayed': { of: PROCESSES, worker: 'number?', p99Us: 'number' },
  'waited-for-cpu': { of: PROCESSES, worker: 'number?', share: 'number' },
  'core-used-up': { worker: 'number', share: 'number' },
  /** Died or hung; its clients did nothing from then on. */
  'worker-lost': { worker: 'number' },
  'stood-still': { of: DELAYED, worker: 'number?', us: 'number' },
  'stood-still-near-timeout': {
    of: DELAYED,
    worker: 'number?',
    us: 'number',
    timeout: 'name',
    timeoutMs: 'number',
  },
} as const;

export type Lateness = FactOf<typeof LATENESS>;

/** How a helper process was lost. `lastWords` is the error it wrote last; empty when it wrote none. */
export const PROCESS_LOSSES = {
  'process-exited': { exitCode: 'number', lastWords: 'note' },
  'process-killed': { signal: 'name', lastWords: 'note' },
  'process-unreachable': { why: 'note' },
  'process-stopped': { silentMs: 'number' },
  'process-silent': { silentMs: 'number' },
  'record-missing': {},
} as const;

export type ProcessLoss = FactOf<typeof PROCESS_LOSSES>;

/** Why a run did not pass, or shows less than it should. */
export const REASONS = {
  'guarantee-broken': {
    broken: BROKEN,
    direction: DIRECTIONS,
    level: DELIVERY_LEVELS,
    count: 'number',
  },
  'loss-not-allowed': {
    reason: LOSS_REASONS,
    direction: DIRECTIONS,
    level: DELIVERY_LEVELS,
    count: 'number',
  },
  'resource-violation': { kind: ANOMALY_KINDS, count: 'number' },
  'violation-undecided': { kind: ANOMALY_KINDS, count: 'number', late: { factOf: LATENESS } },
  'assertion-failed': { assertion: 'name', actual: 'note' },
  'assertion-without-data': { assertion: 'name' },
  'assertion-undecided': { assertion: 'name', actual: 'note', late: { factOf: LATENESS } },
  /** A known defect did not show: of which software, and when it was seen last, as the scenario says. */
  'defect-not-shown': { of: 'name', seen: 'name', assertion: 'name', actual: 'note' },
  'defect-not-broken': { of: 'name', seen: 'name', broken: BROKEN },
  'generator-late': { status: ['suspect', 'invalid'], late: { factOf: LATENESS } },
  'worker-died': { worker: 'number', how: { factOf: PROCESS_LOSSES } },
  'worker-hung': { worker: 'number', stopped: 'boolean', silentMs: 'number' },
  'worker-without-record': { worker: 'number' },
  'listener-failed': { why: 'note' },
  /** The reference server threw while handling an event of a connection. */
  'server-failed': { where: 'note' },
  /** A driver of the user's own threw: in how many clients, and what in the first of them. */
  'driver-failed': { count: 'number', client: 'number', why: 'note' },
  /** A process of a service ended by itself; with an exit code, or by a signal. `atMs` counts from the begin of load. */
  'service-crashed': { service: 'name', atMs: 'number', exitCode: 'number?', signal: 'name' },
  /** A process of a service was started again and was not ready in time. */
  'service-not-back': { service: 'name', atMs: 'number', withinMs: 'number' },
  'publishes-unanswered': { count: 'number' },
  /** `atMs` counts from the begin of load. */
  'target-gone': { atMs: 'number', count: 'number', asked: 'number' },
  'clients-away': { count: 'number', asked: 'number' },
  'clients-missing': { connected: 'number', asked: 'number', lastFailure: 'note' },
  'probe-missing': { count: 'number' },
  'no-record': {},
  interrupted: {},
  'drain-unfinished': {},
  /** The run ended before their time to expire, and an assertion hangs on it. */
  'sessions-unexpired': { count: 'number' },
  'fault-never-held': { fault: 'name', entry: 'number', targets: 'number' },
  'nothing-owed': { profile: 'name', direction: DIRECTIONS },
  'deliveries-unresolved': { direction: DIRECTIONS, count: 'number' },
  /** A failure stored in a scenario file; `variant` is empty for the correct build. */
  'stored-failure': {
    shown: 'boolean',
    kind: VIOLATION_KINDS,
    stage: [...STAGES, ''],
    client: 'number?',
    variant: 'name',
  },
} as const;

export type Reason = FactOf<typeof REASONS>;

/** The kind of violation that a reason stands for. */
export function brokenBy(reason: Reason): AnomalyKind | 'filled' | 'assertion' {
  switch (reason.code) {
    case 'guarantee-broken':
      return reason.broken;
    case 'loss-not-allowed':
      return 'reported-loss';
    case 'resource-violation':
      return reason.kind;
    default:
      return 'assertion';
  }
}
