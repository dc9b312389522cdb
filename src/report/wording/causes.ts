import type { CAUSES, Limited, Place } from '../../delivery/cause.ts';
import { plural } from '../figures.ts';
import { type Catalogue, inMs } from './catalogue.ts';

const PLACES: Readonly<Record<Place, string>> = {
  before: 'before everything the session handled (prefix)',
  among: 'in the middle of what the session handled',
  after: 'after everything the session handled (suffix)',
  alone: 'the session handled nothing of this stream',
};

const LIMITED: Readonly<Record<Limited, { readonly name: string; readonly unit: string }>> = {
  outbox: { name: 'an outbox', unit: 'message' },
  'outbox-bytes': { name: 'an outbox', unit: 'byte' },
  'outbox-bytes-total': { name: 'all outboxes together', unit: 'byte' },
  'socket-buffer': { name: 'a socket buffer', unit: 'byte' },
};

/** Why something counts as an anomaly. */
export const CAUSE_TEXTS: Catalogue<typeof CAUSES> = {
  'stamp-of-another-run': () => 'a message arrived, but its stamp is not of this run',
  'room-not-joined': () => 'a message arrived, but its room was not joined',
  'never-published': () => 'it was never published',
  'published-while-unsubscribed': () => 'it was published while the client was not subscribed',
  'publish-rejected': () => 'its publish was rejected, and yet it was handled',
  'body-changed': () => 'the body is not the one that was stamped',
  'handled-before': () => 'it was handled before',
  'handled-and-declared-before': () => 'it was handled and declared handled before',
  'resent-after-ack': () => 'the server sent it again after it had processed the ack',
  'resent-after-declared': ({ declaredThrough }) =>
    `the client had resumed with everything up to ${declaredThrough} handled, and it was sent again`,
  'newer-handled-before': ({ newer }) => `message ${newer} of its stream was handled before it`,
  'acked-unhandled': ({ position }) => `the ack for ${position} left before it was handled`,
  'acked-through-unhandled': ({ position }) =>
    `the ack for everything up to ${position} left while something it covers was not handled`,
  'gap-told': ({ reason }) => `${reason}: the subscriber was told by a gap`,
  'fresh-session-told': ({ reason }) => `${reason}: the subscriber was told by a fresh session`,
  'counters-told-operator': ({ reason }) => `${reason}: the operator was told by the server's counters`,
  'session-end-told-operator': ({ reason }) => `${reason}: the operator was told that the session ended`,
  'connection-broke': ({ place }) => `the connection broke, and the loss was not reported; ${PLACES[place]}`,
  'never-came': ({ place }) => `it never came and the loss was not reported; ${PLACES[place]}`,
  'believed-delivered': ({ place }) => `the server believes that it was delivered; ${PLACES[place]}`,
  'never-given': ({ place }) =>
    `the server had the session and never assigned it this message; ${PLACES[place]}`,
  'nothing-comes-twice': ({ place }) =>
    `a later message was handled, and this level sends nothing twice; ${PLACES[place]}`,
  'only-operator-told': ({ place }) => `the operator was told, the subscriber was not; ${PLACES[place]}`,
  'skipped-by-resume': () => 'the server resumed the session as if complete, and this message was skipped',
  'nothing-moved': ({ pending, idleUs }) =>
    `${plural(pending, 'message')} pending, and none was sent or acked for ${inMs(idleUs)}`,
  'over-limit': ({ what, seen, limit }) =>
    `${LIMITED[what].name} reached ${plural(seen, LIMITED[what].unit)}, its limit is ${limit}`,
  'session-kept': ({ keptUs, ttlUs }) =>
    `kept ${inMs(keptUs)} without a connection, its TTL is ${inMs(ttlUs)}`,
  'not-given-back': ({ what, before, after }) =>
    `${what}: ${before} before the faults, ${after} after everything healed`,
  'still-open': ({ silentUs, allowedUs }) =>
    `still open after ${inMs(silentUs)} of silence, the heartbeat allows ${inMs(allowedUs)}`,
  'closed-late': ({ silentUs, allowedUs }) =>
    `closed only after ${inMs(silentUs)} of silence, the heartbeat allows ${inMs(allowedUs)}`,
  'closed-alive': ({ silentUs, neededUs }) =>
    `closed by the heartbeat ${inMs(silentUs)} after the last sign of life, but missing enough pongs takes ${inMs(neededUs)}`,
  'evicted-early': ({ pending, limit }) =>
    `closed as too slow with ${plural(pending, 'message')} pending, its outbox holds up to ${limit}`,
  'older-never-closed': (use) => `the older connection was never closed${useOfOlder(use)}`,
  'older-closed-late': (use) =>
    `the older connection was closed after the newer one had taken over${useOfOlder(use)}`,
  'older-still-used': (use) => `the older connection was still used after its end${useOfOlder(use)}`,
  'taken-by-another': () => 'another peer took the session over: the client had opened no other connection',
  'waited-too-short': ({ waits, waitedUs, backoffUs }) =>
    `${plural(waits, 'wait')} before reconnecting took ${inMs(waitedUs)} in all, its backoff allows up to ${inMs(backoffUs)}`,
};

function useOfOlder({ sent, acked }: { readonly sent: number; readonly acked: number }): string {
  const parts = [
    ...(sent > 0 ? [`${plural(sent, 'message')} still sent on it`] : []),
    ...(acked > 0 ? [`${plural(acked, 'ack')} of it still counted`] : []),
  ];
  return parts.length === 0 ? '' : `; ${parts.join(', ')}`;
}
