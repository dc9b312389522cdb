import type { Broken, LATENESS, PROCESS_LOSSES, ProcessLoss, REASONS } from '../../delivery/reason.ts';
import type { STEP_LIMITS } from '../../verdict/result.ts';
import { formatCount, plural } from '../figures.ts';
import { type Catalogue, inMs } from './catalogue.ts';
import { describeViolation } from './violation.ts';

/** Describes each kind of anomaly; follows a count. */
const SEEN: Readonly<Record<Broken, string>> = {
  'silent-loss': 'deliveries were lost silently',
  'false-resume': 'sessions were resumed as if complete while messages had been skipped',
  corrupt: 'messages were handled with a body that is not the one published',
  phantom: 'messages arrived that were not for this client or not of this run',
  resurrected: 'messages were handled although their publish was rejected',
  'ack-before-handle': 'acks left before what they cover was handled',
  'duplicate-after-ack': 'messages were handled again after their ack',
  'unsound-ack': 'messages were sent again after their ack had been processed',
  'split-ownership': 'sessions had two owners at a time',
  stuck: 'sessions were stuck: messages were pending, and none was sent or acked any more',
  'limit-exceeded': 'queues or buffers grew over their limit',
  leak: 'resources were not released',
  undetected: 'dead connections were not closed within the heartbeat budget',
  misdetected: 'slow but living connections were closed',
  'missing-backoff': 'clients came back sooner than their backoff allows',
  reorder: 'messages were handled out of order on one connection',
  rewind: 'messages were handled after newer ones, across a reconnect',
  filled: 'messages were handled after newer ones, when a resend filled their place',
  duplicate: 'messages were handled again before their ack',
  'reported-loss': 'deliveries were lost and reported',
};

interface Process {
  readonly of: 'schedule' | 'server' | 'worker';
  readonly worker?: number | undefined;
}

/** What was late on the machine that ran the clients and the publishers. */
export const LATENESS_TEXTS: Catalogue<typeof LATENESS> = {
  'schedule-slipped': ({ p99Us }) => `schedule slip p99 ${inMs(p99Us)}`,
  'loop-delayed': ({ p99Us, ...process }) => `event-loop delay p99 of ${nameOf(process)} ${inMs(p99Us)}`,
  'waited-for-cpu': ({ share, ...process }) =>
    `${nameOf(process)} waited for a CPU ${percent(share)} of the time`,
  'core-used-up': ({ worker, share }) => `worker ${worker} used ${percent(share)} of a core`,
  'worker-lost': ({ worker }) => `load worker ${worker} was lost`,
  'stood-still': (late) => standstill(late),
  'stood-still-near-timeout': ({ timeout, timeoutMs, ...late }) =>
    `${standstill(late)}, and ${timeout} is ${timeoutMs}ms`,
};

/** How a helper process was lost. */
export const LOSS_TEXTS: Catalogue<typeof PROCESS_LOSSES> = {
  'process-exited': ({ exitCode, lastWords }) => withWords(`exit code ${exitCode}`, lastWords),
  'process-killed': ({ signal, lastWords }) => withWords(`killed by ${signal}`, lastWords),
  'process-unreachable': ({ why }) => why,
  'process-stopped': ({ silentMs }) => `stopped by a signal, silent for ${inSeconds(silentMs)}`,
  'process-silent': ({ silentMs }) => `idle and silent for ${inSeconds(silentMs)}`,
  'record-missing': () => 'no record came',
};

/** Why a run is not a pass, or proves less than it should. */
export const REASON_TEXTS: Catalogue<typeof REASONS> = {
  'guarantee-broken': ({ broken, direction, level, count }) =>
    `${direction === 'up' ? 'upstream' : level}: ${formatCount(count)} ${SEEN[broken]}`,
  'loss-not-allowed': ({ reason, direction, level, count }) =>
    `${direction === 'up' ? 'upstream' : level}: ${formatCount(count)} ${SEEN['reported-loss']} with reason ${reason}, which the scenario does not allow`,
  'resource-violation': ({ kind, count }) => `${formatCount(count)} ${SEEN[kind]}`,
  'violation-undecided': ({ kind, count, late }) =>
    `${formatCount(count)} ${SEEN[kind]}, but the machine was too slow to know the cause: ${sayLateness(late)}`,
  'assertion-failed': ({ assertion, actual }) => `not met: ${assertion} (${actual})`,
  'assertion-without-data': ({ assertion }) => `no data for: ${assertion}`,
  'assertion-undecided': ({ assertion, actual, late }) =>
    `the machine was too slow to judge: ${assertion} (${actual}): ${sayLateness(late)}`,
  'defect-not-shown': ({ of, seen, assertion, actual }) => `${notShown(of, seen)}: ${assertion} (${actual})`,
  'defect-not-broken': ({ of, seen, broken }) => `${notShown(of, seen)}: 0 ${SEEN[broken]}`,
  'generator-late': ({ status, late }) => `load generator ${status}: ${sayLateness(late)}`,
  'worker-died': ({ worker, how }) => `load worker ${worker} died (${sayLoss(how)})`,
  'worker-hung': ({ worker, stopped, silentMs }) =>
    `load worker ${worker} hung (${stopped ? 'stopped by a signal' : 'idle'}, silent for ${inSeconds(silentMs)})`,
  'worker-without-record': ({ worker }) => `load worker ${worker} did not hand over its record`,
  'listener-failed': ({ why }) => why,
  'server-failed': ({ where }) => `the reference server failed at an event of a connection: ${where}`,
  'driver-failed': ({ count, client, why }) =>
    `the driver failed in ${plural(count, 'client')}, which ${count === 1 ? 'is' : 'are'} not judged; client ${client}: ${why}`,
  'service-crashed': ({ service, atMs, ...how }) =>
    `service ${service} ended by itself (${howEnded(how)}), ${when(atMs)}`,
  'service-not-back': ({ service, atMs, withinMs }) =>
    `service ${service} was started again and not ready within ${seconds(withinMs)}, ${when(atMs)}`,
  'publishes-unanswered': ({ count }) => `${plural(count, 'publish was', 'publishes were')} never answered`,
  'target-gone': ({ atMs, count, asked }) =>
    `the target went away ${(atMs / 1000).toFixed(1)} s after the load began and did not come back: ${count} of ${plural(asked, 'client')} had no connection`,
  'clients-away': ({ count, asked }) => `${count} of ${plural(asked, 'client')} had no connection at the end`,
  'clients-missing': ({ connected, asked, lastFailure }) =>
    `${connected} of ${plural(asked, 'client')} connected${lastFailure === '' ? '' : ` (${lastFailure})`}`,
  'probe-missing': ({ count }) => `${plural(count, 'connected client')} never received the probe`,
  'no-record': () => 'no load worker handed over a record',
  interrupted: () => 'the run was interrupted',
  'drain-unfinished': () => 'the drain was still progressing at its deadline: raise duration.settle',
  'sessions-unexpired': ({ count }) =>
    `${plural(count, 'session')} of absent clients had not expired at the end: raise duration.settle above server.resumeTtl`,
  'fault-never-held': ({ fault, entry, targets }) =>
    `fault ${entry} (${fault}) took effect on none of its ${targets} targets`,
  'nothing-owed': ({ profile, direction }) =>
    direction === 'up'
      ? `the server accepted nothing from the clients of profile ${profile}`
      : `nothing was owed to the clients of profile ${profile}`,
  'deliveries-unresolved': ({ direction, count }) =>
    direction === 'up'
      ? `${plural(count, 'upstream message is', 'upstream messages are')} unresolved`
      : `${plural(count, 'delivery is', 'deliveries are')} unresolved: the run ended before they could arrive`,
  'stored-failure': ({ shown, kind, stage, client, variant }) => {
    const what = describeViolation({ kind, client, ...(stage === '' ? {} : { stage }) });
    const build = variant === '' ? '' : ` of the broken build ${variant}; here the build is correct`;
    return `the file stores ${what}, found in a simulation${build}; this run ${shown ? 'shows it as well' : 'does not show it'}`;
  },
};

/** Why a capacity search stopped at a step. */
export const STEP_TEXTS: Catalogue<typeof STEP_LIMITS> = {
  ...REASON_TEXTS,
  'publishers-behind': () => 'the publishers fell behind their schedule',
  'deliveries-behind': () => 'deliveries fell behind the publishers',
  'latency-bent': () => 'latency bent upwards',
};

/** `exit code 3`, `SIGSEGV`, or nothing known. */
function howEnded(how: { readonly exitCode?: number | undefined; readonly signal: string }): string {
  if (how.signal !== '') return how.signal;
  return how.exitCode === undefined ? 'it could not be started' : `exit code ${how.exitCode}`;
}

function when(atMs: number): string {
  return atMs < 0 ? 'before the load began' : `${seconds(atMs)} after the load began`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function sayLateness(late: { readonly code: keyof typeof LATENESS }): string {
  return LATENESS_TEXTS[late.code](late as never);
}

function sayLoss(how: ProcessLoss): string {
  return LOSS_TEXTS[how.code](how as never);
}

function withWords(how: string, lastWords: string): string {
  return lastWords === '' ? how : `${how}: ${lastWords}`;
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function standstill({ us, of, worker }: Process & { readonly us: number }): string {
  const what =
    of === 'schedule' ? 'the schedule slipped' : `the event loop of ${nameOf({ of, worker })} stood still`;
  return `${what} for ${inMs(us)}`;
}

function nameOf({ worker }: Process): string {
  return worker === undefined ? 'the server' : `worker ${worker}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

function notShown(of: string, seen: string): string {
  return `the defect of ${of}, seen on ${seen}, did not show: the version in use may have mended it, or the run did not bring it about`;
}
