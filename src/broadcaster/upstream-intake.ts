import { type Envelope, EVERYBODY } from '../protocol/frame.ts';
import { isName, NAME_LENGTH_MAX } from '../protocol/limits.ts';
import { OutgoingMessage } from '../protocol/message.ts';
import type { Session } from '../protocol/session.ts';
import type { PublishSettled } from './publish-gate.ts';
import { Requests } from './requests.ts';
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

/** Messages from clients: each is taken once per session, however often it arrives. */
export class UpstreamIntake {
  readonly #statistics: Statistics;
  readonly #application: Application;
  readonly #publish: (session: Session, message: OutgoingMessage, settled: PublishSettled) => void;
  readonly #answer: (session: Session, seq: number, refusal: string | undefined) => void;
  readonly #seenOf = new Map<Session, Requests>();

  constructor(options: {
    readonly statistics: Statistics;
    readonly application: Application;
    readonly publish: (session: Session, message: OutgoingMessage, settled: PublishSettled) => void;
    /** Tells the client; `refusal` is undefined for what was accepted. */
    readonly answer: (session: Session, seq: number, refusal: string | undefined) => void;
  }) {
    this.#statistics = options.statistics;
    this.#application = options.application;
    this.#publish = options.publish;
    this.#answer = options.answer;
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
    const settled = (refusal: string | undefined): void => {
      if (refusal === undefined) this.#statistics.upstreamAccepted += 1;
      requests.add(seq, refusal);
      this.#answer(session, seq, refusal);
    };
    if (frame.type === 'publish') this.#publishRequest(session, frame, settled);
    else {
      const { type, payload } = frame;
      this.#application.receive({ clientId: session.identity.clientId, session, type, payload }, settled);
    }
  }

  forget(session: Session): void {
    this.#seenOf.delete(session);
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
