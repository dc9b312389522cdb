import { type Intervals, NOTHING, unionOf } from './intervals.ts';
import type { LossReason } from './loss-reason.ts';
import { SeqSet } from './seq-set.ts';

/** Why the server ended a session. */
export type EndReason = 'expired' | 'goodbye' | 'overflow' | 'restart' | 'replaced';

/** The server's own record of a run, as plain data for the checker. */
export interface EvidenceRecord {
  readonly sessions: readonly SessionEvidenceRecord[];
}

export interface SessionEvidenceRecord {
  readonly key: string;
  readonly openedUs: number;
  readonly ended?: { readonly reason: EndReason; readonly atUs: number };
  readonly streams: readonly StreamEvidenceRecord[];
}

/** The fate of one stream's messages in one session, according to the server; absent sets are empty. */
export interface StreamEvidenceRecord {
  readonly stream: number;
  readonly assigned: Intervals;
  readonly sent: Intervals;
  readonly acked: Intervals;
  readonly dropped?: Partial<Record<LossReason, Intervals>>;
  /** Resent although the ack had been received. */
  readonly resentAfterAck?: Intervals;
  /** Transmissions after the first. */
  readonly resends: number;
}

/**
 * Records what the reference server did, independently of what the clients saw.
 *
 * It shows at which stage a message was lost, and where the server's belief differs from what clients handled.
 */
export class ServerEvidence {
  readonly #sessions = new Map<string, SessionEvidence>();

  /** Registers a new session. The server keeps the returned recorder and reports to it. */
  opened(key: string, atUs: number): SessionEvidence {
    const session = new SessionEvidence(key, atUs);
    this.#sessions.set(key, session);
    return session;
  }

  session(key: string): SessionEvidence | undefined {
    return this.#sessions.get(key);
  }

  toRecord(): EvidenceRecord {
    return { sessions: [...this.#sessions.values()].map((session) => session.toRecord()) };
  }
}

/** The evidence of one session. The server holds it, so that a report costs no lookup. */
export class SessionEvidence {
  readonly key: string;
  readonly openedUs: number;
  #ended: SessionEvidenceRecord['ended'] = undefined;
  readonly #streams: (StreamEvidence | undefined)[] = [];

  constructor(key: string, openedUs: number) {
    this.key = key;
    this.openedUs = openedUs;
  }

  /** The message got a place in the session's outbox. */
  assigned(stream: number, seq: number): void {
    this.#stream(stream).assigned.add(seq);
  }

  /**
   * The message was handed to an open socket.
   *
   * @param attempt - 1 for the first time
   */
  sent(stream: number, seq: number, attempt: number): void {
    const evidence = this.#stream(stream);
    const first = evidence.sent.add(seq);
    if (first && attempt <= 1) return;
    evidence.resends += 1;
    if (evidence.acked.has(seq)) {
      evidence.resentAfterAck ??= new SeqSet();
      evidence.resentAfterAck.add(seq);
    }
  }

  /** The server received the ack of the message. */
  acked(stream: number, seq: number): void {
    this.#stream(stream).acked.add(seq);
  }

  /** The server dropped the message and reported it to its operator. */
  dropped(stream: number, seq: number, reason: LossReason): void {
    const evidence = this.#stream(stream);
    evidence.dropped ??= new Map();
    const set = evidence.dropped.get(reason) ?? new SeqSet();
    evidence.dropped.set(reason, set);
    set.add(seq);
  }

  /** The session has ended; the first report counts. */
  ended(reason: EndReason, atUs: number): void {
    this.#ended ??= { reason, atUs };
  }

  toRecord(): SessionEvidenceRecord {
    return {
      key: this.key,
      openedUs: this.openedUs,
      ...(this.#ended === undefined ? {} : { ended: this.#ended }),
      streams: this.#streams.flatMap((stream, number) =>
        stream === undefined ? [] : [recordOf(number, stream)],
      ),
    };
  }

  #stream(stream: number): StreamEvidence {
    const found = this.#streams[stream];
    if (found !== undefined) return found;
    for (let next = this.#streams.length; next < stream; next += 1) this.#streams.push(undefined);
    const made: StreamEvidence = {
      assigned: new SeqSet(),
      sent: new SeqSet(),
      acked: new SeqSet(),
      dropped: undefined,
      resentAfterAck: undefined,
      resends: 0,
    };
    this.#streams[stream] = made;
    return made;
  }
}

interface StreamEvidence {
  readonly assigned: SeqSet;
  readonly sent: SeqSet;
  readonly acked: SeqSet;
  dropped: Map<LossReason, SeqSet> | undefined;
  resentAfterAck: SeqSet | undefined;
  resends: number;
}

function recordOf(stream: number, evidence: StreamEvidence): StreamEvidenceRecord {
  const dropped: Partial<Record<LossReason, Intervals>> = {};
  for (const [reason, set] of evidence.dropped ?? []) dropped[reason] = set.intervals();
  return {
    stream,
    assigned: evidence.assigned.intervals(),
    sent: evidence.sent.intervals(),
    acked: evidence.acked.intervals(),
    ...(evidence.dropped === undefined ? {} : { dropped }),
    ...(evidence.resentAfterAck === undefined ? {} : { resentAfterAck: evidence.resentAfterAck.intervals() }),
    resends: evidence.resends,
  };
}

/** @returns messages of one stream that the server dropped, for any reason */
export function allDropped(evidence: StreamEvidenceRecord): Intervals {
  return Object.values(evidence.dropped ?? {}).reduce<Intervals>(unionOf, NOTHING);
}
