import { encodeUpstream } from '../protocol/frame.ts';

/** Requests without an answer after which a publisher has to wait. */
const UPSTREAM_MAX = 1000;

export type UpstreamOutcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'rejected'; readonly reason: string }
  /** The session was lost with the request unanswered: it may have been accepted or not. */
  | { readonly kind: 'unknown' };

interface Request {
  readonly type: string;
  readonly payloadText: string;
  readonly settle: (outcome: UpstreamOutcome) => void;
}

interface Pending extends Request {
  /** It left on a socket at least once. */
  sent: boolean;
}

/**
 * The client's own outbox: requests to the server in a seq space per session, sent again after a resume until
 * answered, so that each is accepted exactly once.
 */
export class Upstream {
  readonly #say: (text: string) => void;
  readonly #pending = new Map<number, Pending>();
  #nextSeq = 1;
  #welcomed = false;
  /** The server asked to pause: an outbox that these messages feed is nearly full. */
  paused = false;

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** Sends a request, now or after the next resume. `settle` is called exactly once, maybe at once. */
  send(request: Request): void {
    if (this.#pending.size >= UPSTREAM_MAX) {
      request.settle({ kind: 'rejected', reason: `${UPSTREAM_MAX} requests are unanswered` });
      return;
    }
    this.#enqueue(request);
  }

  onAck(seq: number): void {
    this.#settle(seq, { kind: 'accepted' });
  }

  onNack(seq: number, reason: string): void {
    this.#settle(seq, { kind: 'rejected', reason });
  }

  onPressure(high: boolean): void {
    this.paused = high;
  }

  onClose(): void {
    this.#welcomed = false;
  }

  /** Sends again what is unanswered. In a new session nobody knows what became of what had been sent. */
  onWelcome(resumed: boolean): void {
    this.#welcomed = true;
    const requests = [...this.#pending.entries()];
    if (resumed) {
      for (const [seq, request] of requests) this.#transmit(seq, request);
      return;
    }
    this.#pending.clear();
    this.#nextSeq = 1;
    for (const [, request] of requests) {
      if (request.sent) request.settle({ kind: 'unknown' });
      else this.#enqueue(request);
    }
  }

  /** Gives up on every answer. */
  abandon(): void {
    const requests = [...this.#pending.values()];
    this.#pending.clear();
    for (const { settle } of requests) settle({ kind: 'unknown' });
  }

  #enqueue(request: Request): void {
    const seq = this.#nextSeq;
    this.#nextSeq += 1;
    const pending = { ...request, sent: false };
    this.#pending.set(seq, pending);
    if (this.#welcomed) this.#transmit(seq, pending);
  }

  #transmit(seq: number, request: Pending): void {
    request.sent = true;
    this.#say(encodeUpstream(seq, request.type, request.payloadText));
  }

  #settle(seq: number, outcome: UpstreamOutcome): void {
    const request = this.#pending.get(seq);
    this.#pending.delete(seq);
    request?.settle(outcome);
  }
}
