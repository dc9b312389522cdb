import type { Term } from './level.ts';

/**
 * Everything that can be wrong with a run, the gravest first: the one list of which types, rules, severity, metrics
 * and documentation follow.
 */
interface AnomalyEntry {
  /** What it is a matter of: messages and sessions, or memory, time and connections. */
  readonly concerns: 'delivery' | 'resources';
  /** The term of the guarantee that says at which levels of delivery it is wrong; absent: it is wrong at every level. */
  readonly term?: Term;
  /** `notice`: wrong at some levels only, and to be expected at others. */
  readonly severity: 'error' | 'notice';
  /** Nobody looks for it without the server's own record. */
  readonly needsServer?: true;
  /** A late timer, ack or pong can cause it; nothing that is merely late causes the others. */
  readonly timed?: true;
  /** When it counts, for the documentation. */
  readonly meaning: string;
}

export const ANOMALIES = {
  'silent-loss': {
    concerns: 'delivery',
    term: 'silentLoss',
    severity: 'error',
    meaning: 'A message was owed, was never handled, and nobody who counts was told.',
  },
  'false-resume': {
    concerns: 'delivery',
    severity: 'error',
    meaning:
      'A session was resumed as if complete, and messages from before the resume are silently lost. Counts sessions.',
  },
  corrupt: {
    concerns: 'delivery',
    term: 'corrupt',
    severity: 'error',
    meaning: 'A message was handled with a body that is not the one that was stamped.',
  },
  phantom: {
    concerns: 'delivery',
    term: 'phantom',
    severity: 'error',
    meaning: 'A message arrived that is not of this run, or was not for this client.',
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
    meaning: 'An ack left while something that it covers had been received and not handled.',
  },
  'duplicate-after-ack': {
    concerns: 'delivery',
    term: 'duplicateAfterAck',
    severity: 'error',
    meaning: 'A message was handled again after the server had taken in its ack.',
  },
  'unsound-ack': {
    concerns: 'delivery',
    severity: 'error',
    meaning:
      'The server sent again what it had taken an ack for, or what the client had declared at its resume. Counts transmissions.',
  },
  'split-ownership': {
    concerns: 'delivery',
    severity: 'error',
    needsServer: true,
    meaning:
      'After a takeover the older socket was not closed first, or was still used; or somebody took a session over whose client had opened no other socket.',
  },
  stuck: {
    concerns: 'delivery',
    severity: 'error',
    needsServer: true,
    timed: true,
    meaning:
      'The drain ended without moving any more, and a connected session still has something pending, or its client still waits for leave to go on sending.',
  },
  'limit-exceeded': {
    concerns: 'resources',
    severity: 'error',
    needsServer: true,
    meaning:
      'An outbox grew over its cap, in messages or by more than one message in bytes, or a socket buffer over its limit by more than one frame.',
  },
  leak: {
    concerns: 'resources',
    severity: 'error',
    needsServer: true,
    timed: true,
    meaning:
      'A session was kept without a socket for longer than its TTL and a second; in virtual time, also a timer left armed.',
  },
  undetected: {
    concerns: 'resources',
    severity: 'error',
    needsServer: true,
    timed: true,
    meaning: 'A half-open connection stayed open for longer than the heartbeat allows, and a second.',
  },
  misdetected: {
    concerns: 'resources',
    severity: 'error',
    needsServer: true,
    timed: true,
    meaning:
      'The heartbeat closed a connection though neither half-open, no-pong nor pause-reader had silenced it; or a client was put out as too slow before its outbox was full.',
  },
  'missing-backoff': {
    concerns: 'resources',
    severity: 'error',
    timed: true,
    meaning: 'A client waited less between failed attempts to connect than its backoff can explain.',
  },
  reorder: {
    concerns: 'delivery',
    term: 'disorder',
    severity: 'error',
    meaning: 'A message was handled after a newer one of its stream that came on the same connection.',
  },
  rewind: {
    concerns: 'delivery',
    term: 'disorder',
    severity: 'notice',
    meaning: 'A message was handled after a newer one of its stream that came on an earlier connection.',
  },
  duplicate: {
    concerns: 'delivery',
    term: 'duplicateBeforeAck',
    severity: 'notice',
    timed: true,
    meaning: 'A message was handled again before the server could know of the first time.',
  },
  'reported-loss': {
    concerns: 'delivery',
    term: 'reportedLoss',
    severity: 'notice',
    timed: true,
    meaning: 'A message was owed, was never handled, and somebody who counts was told.',
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

/** Adds what another judge found. */
export function mergeAnomalyCounts(a: Readonly<AnomalyCounts>, b: Readonly<AnomalyCounts>): AnomalyCounts {
  const sum = emptyAnomalyCounts();
  for (const kind of ANOMALY_KINDS) sum[kind] = a[kind] + b[kind];
  return sum;
}
