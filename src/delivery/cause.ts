import type { FactOf } from './fact.ts';
import { LOSS_REASONS } from './loss-reason.ts';

/** The first stage that a lost message did not reach. */
export const STAGES = ['not-enqueued', 'not-sent', 'not-received', 'not-handled'] as const;
export type Stage = (typeof STAGES)[number];

/** Position of a lost message relative to those of its stream that the session handled; `alone`: none was handled. */
const PLACES = ['before', 'among', 'after', 'alone'] as const;
export type Place = (typeof PLACES)[number];

/** Resources that have a limit, and resources that have to be released. */
const LIMITED = ['outbox', 'outbox-bytes', 'outbox-bytes-total', 'socket-buffer'] as const;
export type Limited = (typeof LIMITED)[number];
const GIVEN_BACK = ['sessions', 'timers'] as const;
export type GivenBack = (typeof GIVEN_BACK)[number];

const REPORTED = { reason: LOSS_REASONS } as const;
const LOST = { place: PLACES } as const;

/** Why something counts as an anomaly, with the values that belong to it. Times are µs. */
export const CAUSES = {
  'stamp-of-another-run': {},
  'room-not-joined': {},
  'never-published': {},
  'published-while-unsubscribed': {},
  'publish-rejected': {},
  'body-changed': {},
  'handled-before': {},
  'handled-and-declared-before': {},
  'resent-after-ack': {},
  'resent-after-declared': { declaredThrough: 'number' },
  'newer-handled-before': { newer: 'number' },
  'acked-unhandled': { position: 'number' },
  'acked-through-unhandled': { position: 'number' },
  'gap-told': REPORTED,
  'fresh-session-told': REPORTED,
  'counters-told-operator': REPORTED,
  'session-end-told-operator': REPORTED,
  'connection-broke': LOST,
  'never-came': LOST,
  'believed-delivered': LOST,
  'never-given': LOST,
  'nothing-comes-twice': LOST,
  'only-operator-told': LOST,
  'skipped-by-resume': {},
  'nothing-moved': { pending: 'number', idleUs: 'number' },
  'over-limit': { what: LIMITED, seen: 'number', limit: 'number' },
  'session-kept': { keptUs: 'number', ttlUs: 'number' },
  'not-given-back': { what: GIVEN_BACK, before: 'number', after: 'number' },
  'still-open': { silentUs: 'number', allowedUs: 'number' },
  'closed-late': { silentUs: 'number', allowedUs: 'number' },
  'closed-alive': { silentUs: 'number', neededUs: 'number' },
  'evicted-early': { pending: 'number', limit: 'number' },
  'older-never-closed': { sent: 'number', acked: 'number' },
  'older-closed-late': { sent: 'number', acked: 'number' },
  'older-still-used': { sent: 'number', acked: 'number' },
  'taken-by-another': {},
  'waited-too-short': { waits: 'number', waitedUs: 'number', backoffUs: 'number' },
} as const;

export type Cause = FactOf<typeof CAUSES>;
export type CauseCode = Cause['code'];

/** The reason for which a loss was reported; undefined for the causes of anything else. */
export function reportedReason(cause: Cause): (typeof LOSS_REASONS)[number] | undefined {
  return 'reason' in cause ? cause.reason : undefined;
}
