import { type Envelope, EVERYBODY, utf8Length } from '../protocol/frame.ts';
import { isName, NAME_LENGTH_MAX } from '../protocol/limits.ts';
import { MESSAGE_OVERHEAD_BYTES, OutgoingMessage } from '../protocol/message.ts';
import type { Session } from '../protocol/session.ts';
import type { PublishSettled } from './publish-gate.ts';
import { Requests } from './requests.ts';
import type { SessionListener } from './session-listener.ts';
import type { Statistics } from './statistics.ts';

/** A message from a client for whoever uses the broadcaster. */
export interface UpstreamMessage {
  readonly clientId: string;
  readonly session: Session;
  readonly type: string;
  readonly payload: unknown;
}

/** Whoever uses the broadcaster, as clients' messages reach it: each once per session. */
export interface Application {
  /** @param settled - to be called exactly once, maybe at once: with undefined when handled, else why it is refused */
  receive(message: UpstreamMessage, settled: (refusal: string | undefined) => void): void;
  /** A client's publish request was accepted. */
  relayed?(request: UpstreamMessage): void;
}

export const NO_APPLICATION: Application = {
  receive: ({ type }, settled) => settled(`unknown type ${type}`),
};

/** Bytes of requests that are not answered yet, of one session and of all; either may be passed by one request. */
export interface RequestLimits {
  readonly bytesMax: number;
  readonly bytesTotalMax: number;
}

/** Refusals are remembered, so their texts are bounded. */
const REFUSAL_LENGTH_MAX = 200;
const TOO_MUCH_OPEN = 'too much is unanswered already';

/** Messages from clients: each is taken once per session, however often it arrives. */
export class UpstreamIntake implements SessionListener {
  readonly #statistics: Statistics;
  readonly #application: Application;
  readonly #publish: (session: Session, message: OutgoingMessage, settled: PublishSettled) => void;
  readonly #answer: (session: Session, seq: number, refusal: string | undefined) => void;
  readonly #limits: RequestLimits;
  readonly #seenOf = new Map<Session, Requests>();
  #openBytes = 0;

  constructor(options: {
    readonly limits: RequestLimits;
    readonly statistics: Statistics;
    readonly application: Application;
    readonly publish: (session: Session, message: OutgoingMessage, settled: PublishSettled) => void;
    /** Tells the client; `refusal` is undefined for what was accepted. */
    readonly answer: (session: Session, seq: number, refusal: string | undefined) => void;
  }) {
    this.#limits = options.limits;
    this.#statistics = options.statistics;
    this.#application = options.application;
    this.#publish = options.publish;
    this.#answer = options.answer;
  }

  /** Bytes of the payloads that wait for an answer, over all sessions, those that have ended included. */
  get openBytes(): number {
    return this.#openBytes;
  }

  /** Takes a message; one that comes again, since the answer got lost, gets the same answer. */
  receive(session: Session, frame: Envelope): void {
    const { seq } = frame;
    let seen = this.#seenOf.get(session);
    if (seen === undefined) {
      seen = new Requests();
      this.#seenOf.set(session, seen);
    }
    if (seen.has(seq) || seen.isOpen(seq)) {
      this.#statistics.dedupRejected += 1;
      if (!seen.isOpen(seq)) this.#answer(session, seq, seen.refusalOf(seq));
      return;
    }
    if (seen.isBeyond(seq)) {
      this.#answer(session, seq, 'too far above the oldest missing seq');
      return;
    }
    const requests = seen;
    requests.open(seq);
    const settled = (reason: string | undefined): void => {
      const refusal = reason?.slice(0, REFUSAL_LENGTH_MAX);
      if (refusal === undefined) this.#statistics.upstreamAccepted += 1;
      this.#openBytes -= requests.add(seq, refusal);
      this.#answer(session, seq, refusal);
    };
    if (this.#isOver(requests)) {
      this.#statistics.requestsOverflowed += 1;
      settled(TOO_MUCH_OPEN);
      return;
    }
    this.#carryOut(session, frame, settled);
    if (!requests.isOpen(seq)) return;
    const sizeBytes = utf8Length(JSON.stringify(frame.payload ?? null)) + MESSAGE_OVERHEAD_BYTES;
    requests.keep(seq, sizeBytes);
    this.#openBytes += sizeBytes;
  }

  discarded(session: Session): void {
    this.#seenOf.delete(session);
  }

  /** The client has as much open as it may have, or as all together leave free. */
  #isOver({ openBytes }: Requests): boolean {
    const { bytesMax, bytesTotalMax } = this.#limits;
    return openBytes >= Math.min(bytesMax, bytesTotalMax - this.#openBytes);
  }

  #carryOut(session: Session, frame: Envelope, settled: (refusal: string | undefined) => void): void {
    if (frame.type === 'publish') this.#publishRequest(session, frame, settled);
    else {
      const { type, payload } = frame;
      this.#application.receive({ clientId: session.identity.clientId, session, type, payload }, settled);
    }
  }

  #publishRequest(session: Session, frame: Envelope, settled: (refusal: string | undefined) => void): void {
    const request = frame.payload as
      | { readonly room?: unknown; readonly type?: unknown; readonly payload?: unknown }
      | undefined;
    if (typeof request !== 'object' || request === null) {
      settled('publish needs a payload');
      return;
    }
    const { room = EVERYBODY, type, payload } = request;
    if (!isName(room) || !isName(type)) {
      settled(`publish needs a room and a type of 1 to ${NAME_LENGTH_MAX} characters`);
      return;
    }
    const message = new OutgoingMessage({ room, type, payloadText: JSON.stringify(payload ?? null) });
    const { clientId } = session.identity;
    this.#publish(session, message, (refusal) => {
      if (refusal === undefined) this.#application.relayed?.({ clientId, session, type, payload });
      settled(refusal);
    });
  }
}
