import { backoffMs, RESEND_BACKOFF_MAX } from './backoff.ts';
import { encodeFrame, type GapReason } from './frame.ts';
import { NOTICE_HEAD, type OutgoingMessage, seqHead } from './message.ts';
import { Outbox, OutboxGap } from './outbox.ts';
import { refuseUnsent } from './peer-violation.ts';
import { type Clock, type Link, LinkState, type Random, Timer, type Timers } from './ports.ts';
import { ResumeTokens } from './resume-tokens.ts';
import { errorCode, passes } from './send-error.ts';
import type {
  DropReason,
  SendGate,
  SessionIdentity,
  SessionObserver,
  SessionOptions,
  SessionSettings,
} from './session-contract.ts';

/** Unacked gaps after which a client counts as too slow. */
export const GAPS_MAX = 1000;

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
  readonly tokens = new ResumeTokens();
  /** Whether the client's acks of gaps say where the gap began; else such an ack is a plain one of its last seq. */
  gapAcks = false;
  /** Free for the observer. */
  attachment: unknown = undefined;
  /** Free for whoever decides what the client may do. */
  context: unknown = undefined;
  /** Slows it down. */
  gate: SendGate | undefined = undefined;
  protected link: Link | undefined;
  protected readonly clock: Clock;
  protected readonly timers: Timers;
  protected readonly observer: SessionObserver<Session>;
  readonly #random: Random;
  readonly #resendTimer: Timer;
  /** Messages up to this seq were counted as skipped in their broadcast. */
  #skippedThrough = 0;
  /** Last seq of the replay in progress, -1 when there is none. */
  #replayThrough = -1;
  #sendRetries = 0;
  #ended = false;

  constructor(options: SessionOptions<Session>) {
    this.identity = options.identity;
    this.settings = options.settings;
    const { maxPending, outboxBytesMax } = options.settings;
    this.outbox = new Outbox({ maxPending, bytesMax: outboxBytesMax, heldBytes: options.heldBytes });
    this.clock = options.clock;
    this.timers = options.timers;
    this.#random = options.random;
    this.observer = options.observer;
    this.#resendTimer = new Timer(() => this.#onTimer());
  }

  get sequenced(): boolean {
    return this.settings.delivery !== 'at-most-once';
  }

  /** Over for good: nobody will be told of what is dropped by a gap any more. */
  get ended(): boolean {
    return this.#ended;
  }

  get connected(): boolean {
    return this.link !== undefined;
  }

  /** Instant at which it looks again for something to send, µs; -1 when it waits for somebody else. */
  get nextTryUs(): number {
    return this.#resendTimer.dueUs;
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
    this.skipUnsent();
  }

  /** Ends the session for good; what is pending is lost for `reason`. */
  end(reason: DropReason): void {
    this.detach();
    this.#ended = true;
    this.outbox.clear((seq, message) => this.observer.dropped(this, seq, message, reason));
  }

  /**
   * Owes the client one more message: gives it a seq and keeps it until the ack. Sends nothing yet.
   *
   * @returns `full` when the outbox was full and the policy gave up this message or an older one
   */
  offer(message: OutgoingMessage): 'queued' | 'full' | 'disconnect' {
    message.result.total += 1;
    // It neither acks what it gets nor the gaps: those would grow without end.
    if (this.outbox.gaps >= GAPS_MAX) return this.#refuse(message, 'disconnect');
    if (this.outbox.isFull) return this.overflow(message);
    this.#append(message);
    return 'queued';
  }

  /** Owes the client a message and gives it up at once: who can't keep up gets less. */
  withhold(message: OutgoingMessage): void {
    message.result.total += 1;
    if (this.sequenced) this.#reject(message);
    else this.#refuse(message, 'full');
  }

  /** Writes what is unsent, in seq order, as long as the socket takes it. */
  pump(): void {
    const link = this.link;
    if (link === undefined) return;
    const outbox = this.outbox;
    while (outbox.hasUnsent) {
      const index = outbox.cursor;
      if (this.replaying && outbox.firstSeqAt(index) > this.#replayThrough) this.#finishReplay(link);
      const item = outbox.at(index);
      if (item === undefined) outbox.skip(index);
      else if (link.state !== LinkState.open) return;
      else if (link.bufferedBytes > this.settings.bufferBytesMax) {
        if (this.sequenced) return;
        this.#dropUnsent();
      } else if (!(item instanceof OutboxGap) && this.gate?.admits() === false) return;
      else if (!this.transmit(link, index, item)) return;
    }
    if (this.replaying) this.#finishReplay(link);
  }

  /**
   * Frees what the client handled, and the gaps it took.
   *
   * Acks may come late or twice: one for something not pending is a no-op.
   *
   * @param from - `seq`, but in the ack of a gap where that begins
   * @throws {PeerViolation} for a seq above anything sent
   */
  onAck(seq: number, cumulative: boolean, from = seq): void {
    refuseUnsent('ack', seq, this.outbox.highestSent);
    if (cumulative) this.#freeThrough(seq, true);
    else if (from < seq) this.#freeGaps(from, seq);
    else this.#freeOne(seq);
    // The peer takes what it gets: what had to wait for room in the socket may have it now.
    if (this.outbox.hasUnsent) this.pump();
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
    refuseUnsent('nack', seq, outbox.highestSent);
    const index = outbox.find(seq);
    if (index < 0 || outbox.at(index) instanceof OutboxGap) return;
    if (!retry) this.giveUp(index, 'nack');
    else if (outbox.countFailure(index) > this.settings.maxResend) this.giveUp(index, 'max-resend');
    else this.#postpone(index);
  }

  /** Trims what the client says it has handled, when it resumes. */
  ackThrough(seq: number): void {
    // Between the transmission and this lies the absence: no round trip.
    this.#freeThrough(seq, false);
  }

  /** Counts what is unsent as skipped in its broadcast; the outbox still holds it. */
  skipUnsent(): void {
    const outbox = this.outbox;
    for (let index = outbox.cursor; index < outbox.tail; index += 1) {
      const item = outbox.at(index);
      if (item === undefined || item instanceof OutboxGap) continue;
      if (this.#countsFirst(index, item)) item.result.skipped += 1;
    }
    this.#skippedThrough = outbox.nextSeq - 1;
  }

  /** Gives one message up and tells the client by a gap. */
  protected giveUp(index: number, reason: GapReason): void {
    const seq = this.outbox.seqAt(index);
    const attempts = this.outbox.sendsAt(index);
    const message = this.outbox.giveUp(index, reason);
    if (attempts === 0 && seq > this.#skippedThrough && !message.result.closed) message.result.dropped += 1;
    this.observer.dropped(this, seq, message, reason, attempts);
    if (this.connected) this.timers.arm(this.#resendTimer, 0);
  }

  /** What happens to a message that finds the outbox full. */
  protected overflow(message: OutgoingMessage): 'full' | 'disconnect' {
    if (!this.sequenced) return this.#refuse(message, 'full');
    switch (this.settings.overflow) {
      case 'pause':
      case 'reject':
        this.#reject(message);
        return 'full';
      case 'drop-oldest':
        while (this.outbox.isFull && this.outbox.pending > 0)
          this.giveUp(this.outbox.oldestMessage(), 'overflow');
        // Others hold everything.
        if (this.outbox.isFull) this.#reject(message);
        else this.#append(message);
        return 'full';
      case 'disconnect':
        return this.#refuse(message, 'disconnect');
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
    if (this.#countsFirst(index, item)) item.result.sent += 1;
    this.#markSent(index, this.outbox.failuresAt(index));
    this.observer.sent(this, seq, item, attempt);
    if (!this.sequenced) this.outbox.ack(index, seq);
    return true;
  }

  protected sendGap(link: Link, index: number, gap: OutboxGap): void {
    link.send(encodeFrame({ kind: 'gap', from: gap.from, to: this.outbox.seqAt(index), reason: gap.reason }));
    this.#markSent(index, this.outbox.countFailure(index));
    gap.told = true;
  }

  /** Gives a message up before it was sent, and tells the client by a gap. */
  #reject(message: OutgoingMessage): void {
    const seq = this.outbox.appendGap('overflow');
    message.result.dropped += 1;
    this.observer.assigned(this, seq, message);
    this.observer.dropped(this, seq, message, 'overflow');
    if (this.connected) this.timers.arm(this.#resendTimer, 0);
  }

  /** A message that gets no place at all. */
  #refuse<O extends 'full' | 'disconnect'>(message: OutgoingMessage, outcome: O): O {
    message.result.dropped += 1;
    this.observer.assigned(this, 0, message);
    this.observer.dropped(this, 0, message, 'overflow');
    return outcome;
  }

  /** Whether what happens to a message now is what its broadcast counts for this recipient. */
  #countsFirst(index: number, message: OutgoingMessage): boolean {
    const { outbox } = this;
    return (
      outbox.sendsAt(index) === 0 && outbox.seqAt(index) > this.#skippedThrough && !message.result.closed
    );
  }

  #append(message: OutgoingMessage): void {
    const seq = this.outbox.append(message);
    if (!this.connected) {
      message.result.skipped += 1;
      this.#skippedThrough = seq;
    }
    this.observer.assigned(this, seq, message);
  }

  /** A late ack of a message may find a gap in its place: it speaks for itself only, not for what lies below. */
  #freeOne(seq: number): void {
    const { outbox } = this;
    const index = outbox.find(seq);
    if (index < 0) return;
    const speaksForGap = !this.gapAcks && outbox.seqAt(index) === seq && outbox.isToldGap(index);
    if (speaksForGap || outbox.firstSeqAt(index) === seq) this.#free(index, seq, true);
  }

  #freeThrough(seq: number, timed: boolean): void {
    const outbox = this.outbox;
    while (outbox.head < outbox.tail && outbox.firstSeqAt(outbox.head) <= seq) {
      this.#free(outbox.head, Math.min(seq, outbox.seqAt(outbox.head)), timed);
    }
  }

  /** What the client was told of, holes passed over; a gap that has grown downwards since is told again as a whole. */
  #freeGaps(from: number, to: number): void {
    const outbox = this.outbox;
    if (outbox.gaps === 0) return;
    for (let index = outbox.indexFrom(from); index < outbox.tail; index += 1) {
      const item = outbox.at(index);
      const first = outbox.firstSeqAt(index);
      if (item !== undefined && first > to) return;
      if (first >= from && item instanceof OutboxGap)
        this.#free(index, Math.min(to, outbox.seqAt(index)), false);
    }
  }

  #free(index: number, seq: number, timed: boolean): void {
    const once = timed && this.outbox.sendsAt(index) === 1;
    const sentUs = this.outbox.sentUsAt(index);
    const message = this.outbox.ack(index, seq);
    if (message === undefined) return;
    this.observer.acked(this, seq, message, once ? this.clock.nowUs() - sentUs : -1);
  }

  #postpone(index: number): void {
    const minMs = this.settings.nackBackoffMs;
    const policy = { minMs, maxMs: minMs * 32, jitter: 'none' } as const;
    // Unanswered transmissions do not count: they say nothing about the handler.
    const waitMs = backoffMs(policy, this.outbox.nacksAt(index) + 1, this.#random);
    const dueUs = this.clock.nowUs() + waitMs * 1000;
    this.outbox.postpone(index, dueUs);
    this.#wakeBy(dueUs);
  }

  /** The first transmission gets exactly the ack timeout; later ones back off, spread by a quarter. */
  #markSent(index: number, failures: number): void {
    const nowUs = this.clock.nowUs();
    const timeoutUs = this.settings.ackTimeoutMs * 1000;
    const factor =
      failures === 0 ? 1 : Math.min(2 ** failures, RESEND_BACKOFF_MAX) * (1 + this.#random.next() / 4);
    const dueUs = nowUs + timeoutUs * factor;
    this.outbox.markSent(index, nowUs, dueUs);
    if (this.sequenced) this.#wakeBy(dueUs);
  }

  /** One timer for all, which looks at everything when it fires: it is only moved when it would come too late. */
  #wakeBy(dueUs: number): void {
    if (this.#resendTimer.armed && this.#resendTimer.dueUs <= dueUs) return;
    this.timers.arm(this.#resendTimer, Math.max(0, (dueUs - this.clock.nowUs()) / 1000));
  }

  #onTimer(): void {
    const link = this.link;
    if (link === undefined || link.state !== LinkState.open) return;
    if (link.bufferedBytes > this.settings.bufferBytesMax) {
      this.#waitForRoom();
      return;
    }
    this.pump();
    if (this.replaying) {
      this.#wakeBy(this.clock.nowUs() + this.settings.ackTimeoutMs * 1000);
      return;
    }
    const nextUs = this.resendDue(link);
    if (nextUs < Number.POSITIVE_INFINITY) this.#wakeBy(nextUs);
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
    const unanswered = !outbox.isNacked(index);
    if (unanswered && !this.settings.resend) {
      this.observer.ackOverdue(this);
      outbox.setDueUs(index, Number.POSITIVE_INFINITY);
      return;
    }
    const laterUs = nowUs + this.settings.ackTimeoutMs * 1000;
    const full = link.bufferedBytes > this.settings.bufferBytesMax;
    if (full || link.state !== LinkState.open || this.gate?.admits() === false) {
      outbox.setDueUs(index, laterUs);
      return;
    }
    if (unanswered) this.observer.ackOverdue(this);
    // Whoever heard that may have closed the socket.
    if (link.state !== LinkState.open) return;
    if (unanswered && outbox.countFailure(index) > this.settings.maxResend) {
      this.giveUp(index, 'max-resend');
      return;
    }
    if (this.transmit(link, index, item)) return;
    if (unanswered) outbox.takeFailureBack(index);
    outbox.setDueUs(index, laterUs);
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
    const nowUs = this.clock.nowUs();
    const passing = passes(code);
    const retry = passing && this.#sendRetries < this.settings.retryAttempts;
    this.observer.sendFailed(this, code, retry);
    if (retry) {
      this.#sendRetries += 1;
      this.#wakeBy(nowUs + this.settings.retryDelayMs * 1000 * this.#sendRetries);
      return false;
    }
    this.#sendRetries = 0;
    if (this.sequenced) {
      if (passing) this.#wakeBy(nowUs + this.settings.ackTimeoutMs * 1000);
      return false;
    }
    const seq = this.outbox.seqAt(index);
    if (this.#countsFirst(index, message)) message.result.failed += 1;
    this.outbox.skip(index);
    this.outbox.ack(index, seq);
    this.observer.dropped(this, seq, message, 'overflow');
    return true;
  }

  /** At most once and the socket is full: everything waiting is dropped, and counted. */
  #dropUnsent(): void {
    this.outbox.clear((seq, message) => {
      if (seq > this.#skippedThrough && !message.result.closed) message.result.dropped += 1;
      this.observer.dropped(this, seq, message, 'overflow');
    });
  }

  #finishReplay(link: Link): void {
    link.send(encodeFrame({ kind: 'replayed', seq: this.#replayThrough }));
    this.#replayThrough = -1;
  }
}
