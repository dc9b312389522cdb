import type { CloseCause, Connection } from '../broadcaster/connection.ts';
import type { BroadcasterObserver } from '../broadcaster/observer.ts';
import {
  type EndReason,
  type EvidenceRecord,
  ServerEvidence,
  type SessionEvidence,
} from '../delivery/evidence.ts';
import type { LossReason } from '../delivery/loss-reason.ts';
import type { TakeoverObservation } from '../delivery/server-invariants.ts';
import { Histogram } from '../measure/histogram.ts';
import type { OutgoingMessage } from '../protocol/message.ts';
import { type Clock, type Link, type LinkEvents, LinkState } from '../protocol/ports.ts';
import type { Session } from '../protocol/session.ts';
import type { DropReason } from '../protocol/session-contract.ts';
import { clientNumber } from '../scenario/client-id.ts';
import { AlertLog } from './alert-log.ts';

/** Messages of one stream that a tag can tell apart. */
const TAG_STREAM = 2 ** 32;

/** Puts the identity of a published message where the broadcaster carries it along without looking at it. */
export function tagOf(stream: number, seq: number): number {
  return stream * TAG_STREAM + seq;
}

/** Connections whose end is kept for the checks. */
const CLOSES_MAX = 100_000;
/** Takeovers kept for the checks. */
const TAKEOVERS_MAX = 100_000;

/** A connection that has a session. */
export interface OpenConnection {
  readonly client: number;
  /** When it was given its session. */
  readonly ownedUs: number;
  /** Bytes sent on it since the last pong but one: at most these has its client perhaps not read. */
  readonly unreadBytes: number;
}

export interface ServerClose extends OpenConnection {
  readonly atUs: number;
  /** When anything came on the connection last, pong or frame; -1 when nobody listened. */
  readonly heardUs: number;
  /** Bytes sent since then and before the last ping: these lay in front of the ping. */
  readonly inFrontBytes: number;
  readonly cause: CloseCause | 'session-ended';
  /** Messages and gaps that the outbox of its session held. */
  readonly pending: number;
  readonly gaps: number;
  /** Bytes of those messages, and how many it might have held then. */
  readonly outboxBytes: number;
  readonly outboxBytesMax: number;
}

const END_REASONS: Partial<Record<DropReason, EndReason>> = {
  'session-expired': 'expired',
  goodbye: 'goodbye',
  overflow: 'overflow',
  restart: 'restart',
  replaced: 'replaced',
};

/** Which socket a session has, and since when. */
interface Owner {
  readonly link: Link;
  readonly sinceUs: number;
}

/** What came on an open socket last. */
interface Heard {
  atUs: number;
  /** Bytes sent by then; and when the last pong came, and the one before. */
  sentBytes: number;
  sentAtPong: number;
  sentAtPongBefore: number;
}

/** A session that went from one socket to another while the first was there. */
interface Takeover {
  readonly session: Session;
  readonly ownedUs: number;
  closedUs: number | undefined;
  ackedOnOlder: number;
}

/**
 * The reference server's own record of a run: what it assigned, sent, saw acked and gave up, session by session,
 * which sockets owned a session and which spoke for it, and when it noticed that a connection was gone.
 */
export class ServerRecord implements BroadcasterObserver {
  readonly ackRoundTrip = new Histogram();
  readonly closes: ServerClose[] = [];
  readonly alerts = new AlertLog();
  readonly #evidence = new ServerEvidence();
  readonly #clock: Clock;
  readonly #owners = new Map<Session, Owner>();
  readonly #awaySinceUs = new Map<Session, number>();
  /** By the socket that lost its session. */
  readonly #takeovers = new Map<Link, Takeover>();
  readonly #heard = new Map<Link, Heard>();
  /** The connection whose frame is being processed. */
  #speaking: Link | undefined;
  #countRoundTripsFromUs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Round trips count from now on: what came before was warm-up. */
  startLoad(fromUs: number): void {
    this.#countRoundTripsFromUs = fromUs;
  }

  toEvidence(): EvidenceRecord {
    return this.#evidence.toRecord();
  }

  openConnections(): OpenConnection[] {
    return [...this.#owners].map(([session, { link, sinceUs }]) => ({
      client: clientOf(session),
      ownedUs: sinceUs,
      unreadBytes: this.#unreadBytes(link),
    }));
  }

  /** Sessions that lost their connection, were not resumed and did not end. */
  absentSessions(): { readonly client: number; readonly sinceUs: number }[] {
    return [...this.#awaySinceUs].map(([session, sinceUs]) => ({ client: clientOf(session), sinceUs }));
  }

  takeovers(): TakeoverObservation[] {
    return [...this.#takeovers.values()].map(({ session, ownedUs, closedUs, ackedOnOlder }) => ({
      client: clientOf(session),
      ownedUs,
      ...(closedUs === undefined ? {} : { olderClosedUs: closedUs }),
      sentOnOlder: 0,
      ackedOnOlder,
    }));
  }

  /** Listens in on a socket, to know on which one a frame came, and when one came last. */
  tap(link: Link, events: LinkEvents): LinkEvents {
    const heard: Heard = { atUs: -1, sentBytes: 0, sentAtPong: 0, sentAtPongBefore: 0 };
    this.#heard.set(link, heard);
    return {
      onOpen: () => events.onOpen(),
      onText: (text) => {
        heard.atUs = this.#clock.nowUs();
        heard.sentBytes = link.sentBytes;
        this.#speaking = link;
        events.onText(text);
        this.#speaking = undefined;
      },
      onPong: () => {
        heard.atUs = this.#clock.nowUs();
        heard.sentBytes = link.sentBytes;
        heard.sentAtPongBefore = heard.sentAtPong;
        heard.sentAtPong = heard.sentBytes;
        events.onPong();
      },
      onWritable: () => events.onWritable(),
      onClose: (code, reason) => {
        const takeover = this.#takeovers.get(link);
        if (takeover !== undefined) takeover.closedUs ??= this.#clock.nowUs();
        events.onClose(code, reason);
        this.#heard.delete(link);
      },
    };
  }

  sessionOpened(session: Session): void {
    session.attachment = this.#evidence.opened(session.identity.id, this.#clock.nowUs());
  }

  sessionEnded(session: Session, reason: DropReason): void {
    const owner = this.#owners.get(session);
    // As in a restart: the connection goes down with its session.
    if (owner !== undefined) this.#closed(session, owner.link, { cause: 'session-ended', pingedBytes: 0 });
    this.#owners.delete(session);
    this.#awaySinceUs.delete(session);
    evidenceOf(session).ended(END_REASONS[reason] ?? 'expired', this.#clock.nowUs());
  }

  owned(session: Session, connection: Connection): void {
    const older = this.#owners.get(session)?.link;
    const ownedUs = this.#clock.nowUs();
    this.#owners.set(session, { link: connection.link, sinceUs: ownedUs });
    this.#awaySinceUs.delete(session);
    if (older === undefined || older === connection.link || this.#takeovers.size >= TAKEOVERS_MAX) return;
    const closedUs = older.state === LinkState.open ? undefined : ownedUs;
    this.#takeovers.set(older, { session, ownedUs, closedUs, ackedOnOlder: 0 });
  }

  assigned(session: Session, message: OutgoingMessage): void {
    const { tag } = message;
    if (tag >= 0) evidenceOf(session).assigned(Math.floor(tag / TAG_STREAM), tag % TAG_STREAM);
  }

  sent(session: Session, message: OutgoingMessage, attempt: number): void {
    const { tag } = message;
    if (tag >= 0) evidenceOf(session).sent(Math.floor(tag / TAG_STREAM), tag % TAG_STREAM, attempt);
  }

  acked(session: Session, message: OutgoingMessage, roundTripUs: number): void {
    const { tag } = message;
    if (tag < 0) return;
    evidenceOf(session).acked(Math.floor(tag / TAG_STREAM), tag % TAG_STREAM);
    if (this.#takeovers.size > 0 && this.#speaking !== undefined) this.#ackedBy(this.#speaking, session);
    if (roundTripUs >= 0 && this.#clock.nowUs() >= this.#countRoundTripsFromUs)
      this.ackRoundTrip.record(roundTripUs);
  }

  dropped(session: Session, message: OutgoingMessage, reason: DropReason): void {
    const { tag } = message;
    // Messages pending at a goodbye are not lost: the client ended the session itself.
    if (tag < 0 || reason === 'goodbye') return;
    const loss: LossReason = reason;
    evidenceOf(session).dropped(Math.floor(tag / TAG_STREAM), tag % TAG_STREAM, loss);
  }

  disconnected(_clientId: string, connection: Connection): void {
    const { session, link, cause, heartbeat } = connection;
    if (session === undefined) return;
    this.#closed(session, link, { cause, pingedBytes: heartbeat?.pingedBytes ?? 0 });
    this.#owners.delete(session);
    this.#awaySinceUs.set(session, this.#clock.nowUs());
  }

  #unreadBytes(link: Link): number {
    return link.sentBytes - (this.#heard.get(link)?.sentAtPongBefore ?? 0);
  }

  #closed(
    session: Session,
    link: Link,
    { cause, pingedBytes }: { readonly cause: ServerClose['cause']; readonly pingedBytes: number },
  ): void {
    if (this.closes.length >= CLOSES_MAX) return;
    const { pending, gaps, bytes: outboxBytes, bytesMax: outboxBytesMax } = session.outbox;
    const { atUs: heardUs, sentBytes } = this.#heard.get(link) ?? { atUs: -1, sentBytes: 0 };
    const sent = { unreadBytes: this.#unreadBytes(link), inFrontBytes: Math.max(0, pingedBytes - sentBytes) };
    const client = clientOf(session);
    const atUs = this.#clock.nowUs();
    const ownedUs = this.#owners.get(session)?.sinceUs ?? atUs;
    const outbox = { pending, gaps, outboxBytes, outboxBytesMax };
    this.closes.push({ client, ownedUs, atUs, heardUs, ...sent, cause, ...outbox });
  }

  #ackedBy(link: Link, session: Session): void {
    const takeover = this.#takeovers.get(link);
    if (takeover?.session === session) takeover.ackedOnOlder += 1;
  }
}

function clientOf(session: Session): number {
  return clientNumber(session.identity.clientId) ?? -1;
}

function evidenceOf(session: Session): SessionEvidence {
  return session.attachment as SessionEvidence;
}
