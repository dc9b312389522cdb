import type { Term } from './level.ts';

/**
 * Every anomaly, the most severe first. Types, rules, severity, metrics and documentation are derived from this list.
 */
interface AnomalyEntry {
  /** `delivery`: messages and sessions; `resources`: memory, time and connections. */
  readonly concerns: 'delivery' | 'resources';
  /** The term of the guarantee that decides at which levels it is a violation; absent: at every level. */
  readonly term?: Term;
  /** `notice`: a violation at some levels only, expected at the others. */
  readonly severity: 'error' | 'notice';
  /** Only detected with the server's own record. */
  readonly needsServer?: true;
  /** A late timer, ack or pong can cause it; lateness never causes the others. */
  readonly timed?: true;
  /** For the documentation: when it counts. */
  readonly meaning: string;
}

export const ANOMALIES = {
  'silent-loss': {
    concerns: 'delivery',
    term: 'silentLoss',
    severity: 'error',
    meaning: 'A message was owed and never handled, and the loss was not reported.',
  },
  'false-resume': {
    concerns: 'delivery',
    severity: 'error',
    meaning:
      'A session was resumed as complete although messages from before the resume are silently lost. Counts sessions.',
  },
  corrupt: {
    concerns: 'delivery',
    term: 'corrupt',
    severity: 'error',
    meaning: 'A message was handled with a body that differs from the one that was stamped.',
  },
  phantom: {
    concerns: 'delivery',
    term: 'phantom',
    severity: 'error',
    meaning: 'A message arrived that does not belong to this run, or was not for this client.',
  },
  resurrected: {
    concerns: 'delivery',
    term: 'resurrected',
    severity: 'error',
    meaning: 'A message was handled although its publish had been rejected.',
  },
  'ack-before-handle': {
    concerns: 'delivery',
    term: 'ackBeforeHandle',
    severity: 'error',
    meaning: 'A client sent an ack that covers a message it had received and not yet handled.',
  },
  'duplicate-after-ack': {
    concerns: 'delivery',
    term: 'duplicateAfterAck',
    severity: 'error',
    meaning: 'A message was handled again after the server had received its ack.',
  },
  'unsound-ack': {
    concerns: 'delivery',
    severity: 'error',
    meaning:
      'The server resent a message after it had received the ack, or after the client had declared it handled in a resume. Counts transmissions.',
  },
  'split-ownership': {
    concerns: 'delivery',
    severity: 'error',
    needsServer: true,
    meaning:
      'After a takeover the older socket was not closed first, or was still used; or a session was taken over although its client had opened no other socket.',
  },
  stuck: {
    concerns: 'delivery',
    severity: 'error',
    needsServer: true,
    timed: true,
    meaning:
      'The drain ended without progress while a connected session still had pending messages, or while its client was still paused.',
  },
  'limit-exceeded': {
    concerns: 'resources',
    severity: 'error',
    needsServer: true,
    meaning:
      'An outbox exceeded its cap in messages, or in bytes by more than one message, or a socket buffer exceeded its limit by more than one frame.',
  },
  leak: {
    concerns: 'resources',
    severity: 'error',
    needsServer: true,
    timed: true,
    meaning:
      'A session without a socket was kept for more than a second after its TTL; in virtual time, also a timer that stayed armed.',
  },
  undetected: {
    concerns: 'resources',
    severity: 'error',
    needsServer: true,
    timed: true,
    meaning:
      'A half-open connection stayed open for more than a second after the heartbeat should have closed it.',
  },
  misdetected: {
    concerns: 'resources',
    severity: 'error',
    needsServer: true,
    timed: true,
    meaning:
      'The heartbeat closed a connection that neither half-open, no-pong nor pause-reader had silenced; or a client was evicted as too slow before its outbox was full.',
  },
  'missing-backoff': {
    concerns: 'resources',
    severity: 'error',
    timed: true,
    meaning: 'A client waited less between failed attempts to connect than its backoff requires.',
  },
  reorder: {
    concerns: 'delivery',
    term: 'disorder',
    severity: 'error',
    meaning: 'A message was handled after a newer one of its stream that arrived on the same connection.',
  },
  rewind: {
    concerns: 'delivery',
    term: 'disorder',
    severity: 'notice',
    meaning: 'A message was handled after a newer one of its stream that arrived on an earlier connection.',
  },
  duplicate: {
    concerns: 'delivery',
    term: 'duplicateBeforeAck',
    severity: 'notice',
    timed: true,
    meaning: 'A message was handled again before the server could know that it had been handled.',
  },
  'reported-loss': {
    concerns: 'delivery',
    term: 'reportedLoss',
    severity: 'notice',
    timed: true,
    meaning: 'A message was owed and never handled, and the loss was reported.',
  },
} as const satisfies Readonly<Record<string, AnomalyEntry>>;

export type AnomalyKind = keyof typeof ANOMALIES;

/** The gravest first. */
export const ANOMALY_KINDS = Object.keys(ANOMALIES) as AnomalyKind[];

export type AnomalyCounts = Record<AnomalyKind, number>;

export function anomalyEntry(kind: AnomalyKind): AnomalyEntry {
  return ANOMALIES[kind];
}

/** 0 for the gravest. */
export function gravity(kind: AnomalyKind): number {
  return ANOMALY_KINDS.indexOf(kind);
}

export function emptyAnomalyCounts(): AnomalyCounts {
  return Object.fromEntries(ANOMALY_KINDS.map((kind) => [kind, 0])) as AnomalyCounts;
}

/** Adds two sets of counts. */
export function mergeAnomalyCounts(a: Readonly<AnomalyCounts>, b: Readonly<AnomalyCounts>): AnomalyCounts {
  const sum = emptyAnomalyCounts();
  for (const kind of ANOMALY_KINDS) sum[kind] = a[kind] + b[kind];
  return sum;
}
