import { clip, type Intervals, NOTHING, unionOf } from './intervals.ts';
import type { PublishLog } from './publish-log.ts';
import type { ClientRecord, SessionRecord, StreamRecord } from './record.ts';
import { owedFromUs } from './session-ledger.ts';

/**
 * The messages that a client was owed. A publish takes effect at an unknown instant between its begin and its end,
 * and so does a subscribe between hello and welcome: only if the two do not overlap is their order known. Messages
 * published around a subscribe, a reset or a goodbye are therefore optional: neither their arrival nor their absence
 * is an anomaly.
 */

/**
 * Messages of one stream that a session was owed: published wholly after its subscription was confirmed, and wholly
 * before the client asked for the next session or said goodbye.
 *
 * An expired session stays owed until then: the client does not know of the expiry until it is told.
 *
 * @param endUs - end of the drain; a later goodbye is ignored
 */
export function owedOf(log: PublishLog, stream: number, session: SessionRecord, endUs: number): Intervals {
  if (session.subscribedUs < 0) return NOTHING;
  const fromUs = owedFromUs(session, streamOf(session, stream)?.firstUs);
  return log.acceptedBetween(stream, fromUs, lastOwedUs(session, endUs));
}

/** Accepted messages that are optional for a client. */
export function optionalFor(log: PublishLog, stream: number, client: ClientRecord, endUs: number): Intervals {
  let optional = NOTHING;
  client.sessions.forEach((session, index) => {
    const firstUs = streamOf(session, stream)?.firstUs;
    const fromUs = session.subscribedUs < 0 ? Number.POSITIVE_INFINITY : owedFromUs(session, firstUs);
    optional = unionOf(optional, log.acceptedAround(stream, session.helloSentUs, fromUs));
    if (!leftEarly(session, endUs)) return;
    const nextHelloUs = client.sessions[index + 1]?.helloSentUs ?? Number.POSITIVE_INFINITY;
    const closedUs = session.end.closedUs < 0 ? nextHelloUs : session.end.closedUs;
    optional = unionOf(optional, log.acceptedAround(stream, session.end.atUs, closedUs));
  });
  return optional;
}

/**
 * Messages that a client must not receive: never published; published before its first hello; or published after a
 * goodbye that the server had answered, and before the next hello.
 *
 * @param sendsPast - the server may send what was published before the client came: only what was never published is
 *   forbidden then
 */
export function forbiddenAmong(
  log: PublishLog,
  stream: number,
  handled: Intervals,
  client: ClientRecord,
  sendsPast: boolean,
): Intervals {
  let forbidden = clip(handled, log.count(stream) + 1, Number.MAX_SAFE_INTEGER);
  if (sendsPast) return forbidden;
  const early = log.settledBetween(stream, handled, Number.NEGATIVE_INFINITY, client.firstHelloUs);
  forbidden = unionOf(forbidden, early);
  client.sessions.forEach((session, index) => {
    if (session.end.kind !== 'goodbye' || !session.end.confirmed) return;
    const nextHelloUs = client.sessions[index + 1]?.helloSentUs ?? Number.POSITIVE_INFINITY;
    const between = log.settledBetween(stream, handled, session.end.closedUs, nextHelloUs);
    forbidden = unionOf(forbidden, between);
  });
  return forbidden;
}

/** Whether the client said goodbye while it was still owed something. */
export function leftEarly(
  session: SessionRecord,
  endUs: number,
): session is SessionRecord & { readonly end: { readonly kind: 'goodbye' } } {
  return session.end.kind === 'goodbye' && session.end.atUs < endUs;
}

/** Messages of a stream that a client handled, in all its sessions. */
export function handledOf(client: ClientRecord, stream: number): Intervals {
  return client.sessions.reduce<Intervals>(
    (handled, session) => unionOf(handled, streamOf(session, stream)?.handled ?? NOTHING),
    NOTHING,
  );
}

export function streamOf(session: SessionRecord, stream: number): StreamRecord | undefined {
  return session.streams.find((record) => record.stream === stream);
}

function lastOwedUs(session: SessionRecord, endUs: number): number {
  switch (session.end.kind) {
    case 'open':
      return Number.POSITIVE_INFINITY;
    case 'reset':
      return session.end.atUs;
    case 'goodbye':
      return session.end.atUs < endUs ? session.end.atUs : Number.POSITIVE_INFINITY;
  }
}
