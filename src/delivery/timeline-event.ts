import type { FactOf } from './fact.ts';
import { LOSS_REASONS } from './loss-reason.ts';

/** The events of an anomaly's timeline, with their values. */
export const TIMELINE_EVENTS = {
  'publish-begins': {},
  'publish-ends': { status: ['open', 'accepted', 'rejected', 'unknown', 'unconfirmed'] },
  seen: { position: 'number' },
  /** The progress of the message by the server's record; `dropped` is empty if it was not dropped. */
  'server-record': {
    assigned: 'boolean',
    sent: 'boolean',
    acked: 'boolean',
    dropped: [...LOSS_REASONS, ''],
    resentAfterAck: 'boolean',
  },
  'hello-sent': {},
  /** @param reset - why the session before it ended; empty if there was none */
  'fresh-session': { told: 'name' },
  resumed: { position: 'number' },
  'connection-closed': { closeCode: 'number' },
  goodbye: {},
  'handler-failed': { stream: 'number', seq: 'number', position: 'number' },
  gap: { from: 'number', to: 'number', reason: LOSS_REASONS },
  'fault-begins': { fault: 'name' },
  'fault-ends': { fault: 'name' },
  'last-advance': {},
  'drain-ended': { pending: 'number' },
  disconnected: {},
  'still-held': {},
  'left-over': { count: 'number' },
  'went-silent': {},
  'remained-open': {},
  'closed-by-server': {},
  'last-sign-of-life': {},
  'older-closed': {},
  'newer-took-over': {},
  'closed-for-newer-owner': {},
  'connects-again': {},
} as const;

export type TimelineEvent = FactOf<typeof TIMELINE_EVENTS>;

/** An event and its instant, µs of the run's clock. */
export type Note = readonly [atUs: number, event: TimelineEvent];
