import { RESEND_BACKOFF_MAX } from '../../protocol/backoff.ts';
import { encodeUpstream } from '../../protocol/frame.ts';
import { type Clock, Timer, type Timers } from '../../protocol/ports.ts';
import type { PublishOutcome } from '../driver.ts';

/** Requests without an answer after which a publisher has to wait. */
export const UPSTREAM_MAX = 1000;

export interface UpstreamRequest {
  readonly type: string;
  /** A JSON text. */
  readonly payloadText: string;
  readonly settle: (outcome: PublishOutcome) => void;
}

interface Pending extends UpstreamRequest {
  /** Times it left on a socket. */
  sends: number;
  /** When it is to be sent again, µs. */
  dueUs: number;
}

/**
 * The client's own outbox: requests to the server in a seq space per session, sent again after a resume or when the
 * answer is overdue, so that each is accepted exactly once.
 *
 * While the server asks to pause, new requests wait here; there is room for `UPSTREAM_MAX`, and what comes on top is
 * rejected.
 */
export class Upstream {
  readonly #say: (text: string) => void;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #ackTimeoutUs: number;
  readonly #timer: Timer;
  readonly #pending = new Map<number, Pending>();
  #nextSeq = 1;
  #welcomed = false;
  #paused = false;

  constructor(options: {
    readonly say: (text: string) => void;
    readonly clock: Clock;
    readonly timers: Timers;
    readonly ackTimeoutMs: number;
  }) {
    this.#say = options.say;
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#ackTimeoutUs = options.ackTimeoutMs * 1000;
    this.#timer = new Timer(() => this.#resendOverdue());
  }

  /** Requests without an answer, those that wait included. */
  get pending(): number {
    return this.#pending.size;
  }

  /** The server asked to pause: an outbox that these messages feed is nearly full. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Sends a request, now or when it may. `settle` is called exactly once, maybe at once. */
  send(request: UpstreamRequest): void {
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
    this.#paused = high;
    if (!this.#welcomed || high) return;
    for (const [seq, request] of this.#pending) if (request.sends === 0) this.#transmit(seq, request);
  }

  onClose(): void {
    this.#welcomed = false;
    this.#timers.disarm(this.#timer);
  }

  /** Sends again what is unanswered. In a new session nobody knows what became of what had been sent. */
  onWelcome(resumed: boolean): void {
    this.#welcomed = true;
    // The server repeats its pause request where it still applies.
    this.#paused = false;
    const requests = [...this.#pending.entries()];
    if (resumed) {
      for (const [seq, request] of requests) this.#transmit(seq, request);
      return;
    }
    this.#pending.clear();
    this.#nextSeq = 1;
    for (const [, request] of requests) {
      if (request.sends > 0) request.settle({ kind: 'unknown' });
      else this.#enqueue(request);
    }
  }

  /** Gives up on every answer. */
  abandon(): void {
    const requests = [...this.#pending.values()];
    this.#pending.clear();
    this.#timers.disarm(this.#timer);
    for (const { settle } of requests) settle({ kind: 'unknown' });
  }

  #enqueue(request: UpstreamRequest): void {
    const seq = this.#nextSeq;
    this.#nextSeq += 1;
    const pending = { ...request, sends: 0, dueUs: 0 };
    this.#pending.set(seq, pending);
    if (this.#welcomed && !this.#paused) this.#transmit(seq, pending);
  }

  #transmit(seq: number, request: Pending): void {
    request.sends += 1;
    const waitUs = this.#ackTimeoutUs * Math.min(2 ** (request.sends - 1), RESEND_BACKOFF_MAX);
    request.dueUs = this.#clock.nowUs() + waitUs;
    if (!this.#timer.armed) this.#timers.arm(this.#timer, waitUs / 1000);
    this.#say(encodeUpstream(seq, request.type, request.payloadText, request.sends));
  }

  #resendOverdue(): void {
    const nowUs = this.#clock.nowUs();
    let nextUs = Number.POSITIVE_INFINITY;
    for (const [seq, request] of this.#pending) {
      if (request.sends === 0) continue;
      if (request.dueUs <= nowUs) this.#transmit(seq, request);
      nextUs = Math.min(nextUs, request.dueUs);
    }
    if (nextUs < Number.POSITIVE_INFINITY) this.#timers.arm(this.#timer, (nextUs - nowUs) / 1000);
  }

  #settle(seq: number, outcome: PublishOutcome): void {
    const request = this.#pending.get(seq);
    this.#pending.delete(seq);
    request?.settle(outcome);
  }
}
