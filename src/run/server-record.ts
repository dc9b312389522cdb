import type { BroadcasterObserver } from '../broadcaster/broadcaster.ts';
import type { CloseCause, Connection } from '../broadcaster/connection.ts';
import { type EndReason, type EvidenceRecord, ServerEvidence, type SessionEvidence } from '../delivery/evidence.ts';
import type { LossReason } from '../delivery/judgement.ts';
import { Histogram } from '../measure/histogram.ts';
import type { OutgoingMessage } from '../protocol/message.ts';
import type { Clock } from '../protocol/ports.ts';
import type { DropReason, Session } from '../protocol/session.ts';

/** Messages of one stream that a tag can tell apart. */
const TAG_STREAM = 2 ** 32;

/** Puts the identity of a published message where the broadcaster carries it along without looking at it. */
export function tagOf(stream: number, seq: number): number {
  return stream * TAG_STREAM + seq;
}

/** Connections whose end is kept for the checks. */
const CLOSES_MAX = 100_000;

export interface ServerClose {
  readonly client: number;
  readonly atUs: number;
  readonly cause: CloseCause;
}

const END_REASONS: Partial<Record<DropReason, EndReason>> = {
  'session-expired': 'expired',
  goodbye: 'goodbye',
  overflow: 'overflow',
  restart: 'restart',
  replaced: 'replaced',
};

/**
 * The reference server's own record of a run: what it assigned, sent, saw acked and gave up, session by session,
 * and when it noticed that a connection was gone.
 */
export class ServerRecord implements BroadcasterObserver {
  readonly evidence = new ServerEvidence();
  readonly ackRoundTrip = new Histogram();
  readonly closes: ServerClose[] = [];
  readonly #clock: Clock;
  #countRoundTripsFromUs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Round trips count from now on: what came before was warm-up. */
  startLoad(fromUs: number): void {
    this.#countRoundTripsFromUs = fromUs;
  }

  toRecord(): EvidenceRecord {
    return this.evidence.toRecord();
  }

  sessionOpened(session: Session): void {
    session.attachment = this.evidence.opened(session.identity.id, this.#clock.nowUs());
  }

  sessionEnded(session: Session, reason: DropReason): void {
    evidenceOf(session).ended(END_REASONS[reason] ?? 'expired', this.#clock.nowUs());
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
    if (roundTripUs >= 0 && this.#clock.nowUs() >= this.#countRoundTripsFromUs) this.ackRoundTrip.record(roundTripUs);
  }

  dropped(session: Session, message: OutgoingMessage, reason: DropReason): void {
    const { tag } = message;
    // What is pending at a goodbye is nobody's loss: the client ended the session itself.
    if (tag < 0 || reason === 'goodbye') return;
    const loss: LossReason = reason;
    evidenceOf(session).dropped(Math.floor(tag / TAG_STREAM), tag % TAG_STREAM, loss);
  }

  disconnected(clientId: string, connection: Connection): void {
    if (this.closes.length >= CLOSES_MAX) return;
    this.closes.push({ client: Number(clientId.slice(1)), atUs: this.#clock.nowUs(), cause: connection.cause });
  }
}

function evidenceOf(session: Session): SessionEvidence {
  return session.attachment as SessionEvidence;
}
