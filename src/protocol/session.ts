import { backoffMs } from './backoff.ts';
import { type DeliveryLevel, encodeFrame, type GapReason } from './frame.ts';
import { NOTICE_HEAD, type OutgoingMessage, seqHead } from './message.ts';
import { Outbox, OutboxGap } from './outbox.ts';
import { type Clock, type Link, LinkState, type Random, Timer, type Timers } from './ports.ts';

export interface SessionSettings {
  readonly delivery: DeliveryLevel;
  readonly ackTimeoutMs: number;
  /** With false nothing is sent again on an open socket but what was nacked; a resume replays all the same. */
  readonly resend: boolean;
  /** Strikes (unanswered transmissions, nacks) a message survives. */
  readonly maxResend: number;
  readonly nackBackoffMs: number;
  readonly maxPending: number;
  readonly overflow: 'reject' | 'drop-oldest' | 'disconnect';
  /** A socket with more than this buffered is not written to. */
  readonly bufferBytesMax: number;
  /** Retries of a send that failed for a passing reason. */
  readonly retryAttempts: number;
  readonly retryDelayMs: number;
}

/** Why a message of this session was given up: by a gap, or with the whole session. */
export type DropReason = GapReason | 'session-expired' | 'replaced' | 'restart' | 'goodbye';

/** What a session tells the broadcaster. Called inside the hot path: implementations stay cheap. */
export interface SessionObserver {
  assigned(session: Session, seq: number, message: OutgoingMessage): void;
  /** @param attempt - 1 on the first transmission */
  sent(session: Session, seq: number, message: OutgoingMessage, attempt: number): void;
  /** @param roundTripUs - from the only transmission to the ack; -1 when there were several and it can't be told */
  acked(session: Session, seq: number, message: OutgoingMessage, roundTripUs: number): void;
  dropped(session: Session, seq: number, message: OutgoingMessage, reason: DropReason): void;
  sendFailed(session: Session, code: string, retried: boolean): void;
}

export interface SessionIdentity {
  readonly id: string;
  readonly clientId: string;
  readonly epoch: string;
}

/** A frame that breaks the protocol: the peer's fault. The connection closes with 4400. */
export class PeerViolation extends Error {}

/** Codes of send errors that pass by themselves. Anything else (a closed or broken socket) will fail again. */
const TRANSIENT_SEND_ERRORS: ReadonlySet<string> = new Set(['EAGAIN', 'EWOULDBLOCK', 'ENOBUFS', 'ENOMEM', 'EINTR']);
/** Resends back off up to this many ack timeouts. */
const RESEND_BACKOFF_MAX = 8;

/**
 * One logical subscriber on the server: identity, seq space, outbox, and the socket it has at the moment.
 *
 * Messages wait in the outbox until acked. `pump` writes what is unsent while the socket takes it; one timer looks
 * after everything that is due again. A session without a socket does nothing at all.
 */
export class Session {
  readonly identity: SessionIdentity;
  readonly outbox: Outbox;
  readonly settings: SessionSettings;
  /** Grows with every resume. */
  generation = 1;
  /** Single use: a new one with every welcome. */
  token = '';
  /** The one before, good until the client shows that the welcome with the new one has reached it; then empty. */
  previousToken = '';
  /** Free for the observer. */
  attachment: unknown = undefined;
  protected link: Link | undefined;
  protected readonly clock: Clock;
  protected readonly timers: Timers;
  protected readonly observer: SessionObserver;
  readonly #random: Random;
  readonly #resendTimer: Timer;
  /** Messages up to this seq were counted as skipped in their broadcast. */
  #skippedThrough = 0;
  /** Last seq of the replay in progress, -1 when there is none. */
  #replayThrough = -1;
  #sendRetries = 0;

  constructor(options: {
    readonly identity: SessionIdentity;
    readonly settings: SessionSettings;
    readonly clock: Clock;
    readonly timers: Timers;
    readonly random: Random;
    readonly observer: SessionObserver;
  }) {
    this.identity = options.identity;
    this.settings = options.settings;
    this.outbox = new Outbox(options.settings.maxPending);
    this.clock = options.clock;
    this.timers = options.timers;
    this.#random = options.random;
    this.observer = options.observer;
    this.#resendTimer = new Timer(() => this.#onTimer());
  }

  /** A welcome can get lost with its socket: then the client has only the token it came with. */
  renewToken(token: string): void {
    this.previousToken = this.token;
    this.token = token;
  }

  accepts(token: string): boolean {
    return token === this.token || (this.previousToken !== '' && token === this.previousToken);
  }

  get sequenced(): boolean {
    return this.settings.delivery !== 'at-most-once';
  }

  get connected(): boolean {
    return this.link !== undefined;
  }

  get replaying(): boolean {
    return this.#replayThrough >= 0;
  }

  /** Takes a socket; with `replay`, everything pending is to be sent again before anything new. */
  attach(link: Link, replay: boolean): void {
    this.link = link;
    this.#sendRetries = 0;
    this.outbox.rewind();
    if (replay) this.#replayThrough = this.outbox.nextSeq - 1;
  }

  /** Gives the socket up; what is pending stays. */
  detach(): void {
    this.link = undefined;
    this.#replayThrough = -1;
    this.timers.disarm(this.#resendTimer);
    this.#countUnsentAsSkipped();
    if (!this.sequenced) this.outbox.clear((seq, message) => this.observer.dropped(this, seq, message, 'overflow'));
  }

  /** Ends the session for good; what is pending is lost for `reason`. */
  end(reason: DropReason): void {
    this.detach();
    this.outbox.clear((seq, message) => this.observer.dropped(this, seq, message, reason));
  }

  /**
   * Owes the client one more message: gives it a seq and keeps it until the ack. Sends nothing yet.
   *
   * @returns `full` when the outbox was full and the policy gave up this message or an older one
   */
  offer(message: OutgoingMessage): 'queued' | 'full' | 'disconnect' {
    message.result.total += 1;
    if (this.outbox.isFull) return this.overflow(message);
    this.#append(message);
    return 'queued';
  }

  /** Writes what is unsent, in seq order, as long as the socket takes it. */
  pump(): void {
    const link = this.link;
    if (link === undefined) return;
    const outbox = this.outbox;
    while (outbox.hasUnsent) {
      const index = outbox.cursor;
      if (this.replaying && outbox.seqAt(index) > this.#replayThrough) this.#finishReplay(link);
      const item = outbox.at(index);
      if (item === undefined) outbox.skip(index);
      else if (link.state !== LinkState.open) return;
      else if (link.bufferedBytes > this.settings.bufferBytesMax) {
        if (this.sequenced) return;
        this.#dropUnsent();
      } else if (!this.transmit(link, index, item)) return;
    }
    if (this.replaying) this.#finishReplay(link);
  }

  /**
   * Frees what the client handled.
   *
   * Acks may come late or twice: one for something not pending is a no-op.
   *
   * @throws {PeerViolation} for a seq above anything sent
   */
  onAck(seq: number, cumulative: boolean): void {
    if (seq > this.outbox.highestSent) {
      throw new PeerViolation(`ack for ${seq}, but ${this.outbox.highestSent} is the highest seq sent`);
    }
    if (cumulative) this.ackThrough(seq);
    else {
      const index = this.outbox.find(seq);
      if (index >= 0) this.#free(index, seq);
    }
  }

  /**
   * The client's handler failed: again later, or with `retry` false never again.
   *
   * A nack is an answer, so it uses up one of the attempts like an unanswered transmission.
   *
   * @throws {PeerViolation} for a seq above anything sent
   */
  onNack(seq: number, retry: boolean): void {
    const outbox = this.outbox;
    if (seq > outbox.highestSent) throw new PeerViolation(`nack for ${seq}, but ${outbox.highestSent} is the highest seq sent`);
    const index = outbox.find(seq);
    if (index < 0 || outbox.at(index) instanceof OutboxGap) return;
    if (!retry) this.giveUp(index, 'nack');
    else if (outbox.strike(index) > this.settings.maxResend) this.giveUp(index, 'max-resend');
    else this.#postpone(index);
  }

  /** Trims what the client says it has handled, when it resumes. */
  ackThrough(seq: number): void {
    const outbox = this.outbox;
    while (outbox.head < outbox.tail) {
      const index = outbox.head;
      const item = outbox.at(index);
      const first = item instanceof OutboxGap ? item.from : outbox.seqAt(index);
      if (first > seq) return;
      this.#free(index, Math.min(seq, outbox.seqAt(index)));
    }
  }

  /** Gives one message up and tells the client by a gap. */
  protected giveUp(index: number, reason: GapReason): void {
    const seq = this.outbox.seqAt(index);
    const message = this.outbox.giveUp(index, reason);
    this.observer.dropped(this, seq, message, reason);
    if (this.connected) this.timers.arm(this.#resendTimer, 0);
  }

  /** What happens to a message that finds the outbox full. */
  protected overflow(message: OutgoingMessage): 'full' | 'disconnect' {
    if (!this.sequenced) {
      message.result.dropped += 1;
      this.observer.dropped(this, 0, message, 'overflow');
      return 'full';
    }
    switch (this.settings.overflow) {
      case 'reject': {
        const seq = this.outbox.appendGap('overflow');
        message.result.dropped += 1;
        this.observer.assigned(this, seq, message);
        this.observer.dropped(this, seq, message, 'overflow');
        if (this.connected) this.timers.arm(this.#resendTimer, 0);
        return 'full';
      }
      case 'drop-oldest':
        this.giveUp(this.outbox.oldestMessage(), 'overflow');
        this.#append(message);
        return 'full';
      case 'disconnect':
        message.result.dropped += 1;
        return 'disconnect';
    }
  }

  /** @returns false when the socket refused it and the pump has to stop */
  protected transmit(link: Link, index: number, item: OutgoingMessage | OutboxGap): boolean {
    if (item instanceof OutboxGap) {
      this.sendGap(link, index, item);
      return true;
    }
    const seq = this.outbox.seqAt(index);
    const attempt = this.outbox.sendsAt(index) + 1;
    try {
      link.sendShared(this.sequenced ? seqHead(seq, attempt) : NOTICE_HEAD, item);
    } catch (error) {
      return this.#onSendError(errorCode(error), index, item);
    }
    this.#sendRetries = 0;
    if (attempt === 1 && seq > this.#skippedThrough && !item.result.closed) item.result.sent += 1;
    this.#markSent(index, this.outbox.strikesAt(index));
    this.observer.sent(this, seq, item, attempt);
    if (this.sequenced) this.#watch();
    else this.outbox.ack(index, seq);
    return true;
  }

  protected sendGap(link: Link, index: number, gap: OutboxGap): void {
    link.send(encodeFrame({ kind: 'gap', from: gap.from, to: this.outbox.seqAt(index), reason: gap.reason }));
    this.#markSent(index, this.outbox.strike(index));
    this.#watch();
  }

  #append(message: OutgoingMessage): void {
    const seq = this.outbox.append(message);
    if (!this.connected) {
      message.result.skipped += 1;
      this.#skippedThrough = seq;
    }
    this.observer.assigned(this, seq, message);
  }

  #free(index: number, seq: number): void {
    const once = this.outbox.sendsAt(index) === 1;
    const sentUs = this.outbox.sentUsAt(index);
    const message = this.outbox.ack(index, seq);
    if (message === undefined) return;
    this.observer.acked(this, seq, message, once ? this.clock.nowUs() - sentUs : -1);
  }

  #postpone(index: number): void {
    const policy = { minMs: this.settings.nackBackoffMs, maxMs: this.settings.nackBackoffMs * 32, jitter: 'none' as const };
    const waitMs = backoffMs(policy, this.outbox.strikesAt(index), this.#random);
    this.outbox.postpone(index, this.clock.nowUs() + waitMs * 1000);
    const nextMs = this.#resendTimer.armed ? (this.#resendTimer.dueUs - this.clock.nowUs()) / 1000 : Number.POSITIVE_INFINITY;
    if (waitMs < nextMs) this.timers.arm(this.#resendTimer, waitMs);
  }

  /** The first transmission gets exactly the ack timeout; later ones back off, spread by a quarter. */
  #markSent(index: number, strikes: number): void {
    const nowUs = this.clock.nowUs();
    const timeoutUs = this.settings.ackTimeoutMs * 1000;
    const factor = strikes === 0 ? 1 : Math.min(2 ** strikes, RESEND_BACKOFF_MAX) * (1 + this.#random.next() / 4);
    this.outbox.markSent(index, nowUs, nowUs + timeoutUs * factor);
  }

  /** One timer for all: it is only armed when it is not, and looks at everything when it fires. */
  #watch(): void {
    if (!this.#resendTimer.armed) this.timers.arm(this.#resendTimer, this.settings.ackTimeoutMs);
  }

  #onTimer(): void {
    const link = this.link;
    if (link === undefined || link.state !== LinkState.open) return;
    if (link.bufferedBytes > this.settings.bufferBytesMax) {
      this.#waitForRoom();
      return;
    }
    this.pump();
    const nextUs = this.resendDue(link);
    if (nextUs < Number.POSITIVE_INFINITY) {
      this.timers.arm(this.#resendTimer, Math.max(0, (nextUs - this.clock.nowUs()) / 1000));
    }
  }

  /**
   * Sends again what is due, oldest first.
   *
   * @returns when the next entry is due, µs
   */
  protected resendDue(link: Link): number {
    const outbox = this.outbox;
    const nowUs = this.clock.nowUs();
    let nextUs = Number.POSITIVE_INFINITY;
    for (let index = outbox.head; index < outbox.cursor; index += 1) {
      const item = outbox.at(index);
      if (item === undefined) continue;
      if (outbox.dueUsAt(index) <= nowUs) this.#again(link, index, item, nowUs);
      nextUs = Math.min(nextUs, outbox.dueUsAt(index));
    }
    return nextUs;
  }

  #again(link: Link, index: number, item: OutgoingMessage | OutboxGap, nowUs: number): void {
    const outbox = this.outbox;
    if (item instanceof OutboxGap) {
      this.sendGap(link, index, item);
      return;
    }
    if (!outbox.isNacked(index)) {
      if (!this.settings.resend) {
        outbox.setDueUs(index, Number.POSITIVE_INFINITY);
        return;
      }
      if (outbox.strike(index) > this.settings.maxResend) {
        this.giveUp(index, 'max-resend');
        return;
      }
    }
    if (link.bufferedBytes > this.settings.bufferBytesMax || !this.transmit(link, index, item)) {
      outbox.setDueUs(index, nowUs + this.settings.ackTimeoutMs * 1000);
    }
  }

  /** The socket takes nothing: no transmission in flight has had its chance, so all get a new one. */
  #waitForRoom(): void {
    const dueUs = this.clock.nowUs() + this.settings.ackTimeoutMs * 1000;
    const outbox = this.outbox;
    for (let index = outbox.head; index < outbox.cursor; index += 1) {
      if (outbox.dueUsAt(index) < dueUs) outbox.setDueUs(index, dueUs);
    }
    this.timers.arm(this.#resendTimer, this.settings.ackTimeoutMs);
  }

  #onSendError(code: string, index: number, message: OutgoingMessage): boolean {
    const retry = TRANSIENT_SEND_ERRORS.has(code) && this.#sendRetries < this.settings.retryAttempts;
    this.observer.sendFailed(this, code, retry);
    if (retry) {
      this.#sendRetries += 1;
      this.timers.arm(this.#resendTimer, this.settings.retryDelayMs * this.#sendRetries);
      return false;
    }
    if (this.sequenced) return false;
    const seq = this.outbox.seqAt(index);
    message.result.failed += 1;
    this.outbox.skip(index);
    this.outbox.ack(index, seq);
    this.observer.dropped(this, seq, message, 'overflow');
    return true;
  }

  /** At most once and the socket is full: everything waiting is dropped, and counted. */
  #dropUnsent(): void {
    this.outbox.clear((seq, message) => {
      message.result.dropped += 1;
      this.observer.dropped(this, seq, message, 'overflow');
    });
  }

  #finishReplay(link: Link): void {
    link.send(encodeFrame({ kind: 'replayed', seq: this.#replayThrough }));
    this.#replayThrough = -1;
  }

  #countUnsentAsSkipped(): void {
    const outbox = this.outbox;
    for (let index = outbox.cursor; index < outbox.tail; index += 1) {
      const item = outbox.at(index);
      const fresh = outbox.seqAt(index) > this.#skippedThrough && outbox.sendsAt(index) === 0;
      if (fresh && item !== undefined && !(item instanceof OutboxGap)) item.result.skipped += 1;
    }
    this.#skippedThrough = outbox.nextSeq - 1;
  }
}

function errorCode(error: unknown): string {
  const code = (error as { readonly code?: unknown }).code;
  return typeof code === 'string' ? code : 'unknown';
}
