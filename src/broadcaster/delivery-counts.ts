import { isGapReason } from '../protocol/frame.ts';
import type { OutgoingMessage } from '../protocol/message.ts';
import type { Clock } from '../protocol/ports.ts';
import type { Session } from '../protocol/session.ts';
import type { DropReason } from '../protocol/session-contract.ts';
import { type DeadLetters, deadLetterOf, isDeadLetter } from './dead-letters.ts';
import type { SessionListener } from './session-listener.ts';
import type { Statistics } from './statistics.ts';
import type { TypeCounters } from './type-counters.ts';

/** Counts what becomes of messages, and keeps those that were given up. */
export class DeliveryCounts implements SessionListener {
  readonly #statistics: Statistics;
  readonly #types: TypeCounters;
  readonly #deadLetters: DeadLetters;
  readonly #clock: Clock;

  constructor(options: {
    readonly statistics: Statistics;
    readonly types: TypeCounters;
    readonly deadLetters: DeadLetters;
    readonly clock: Clock;
  }) {
    this.#statistics = options.statistics;
    this.#types = options.types;
    this.#deadLetters = options.deadLetters;
    this.#clock = options.clock;
  }

  assigned(): void {
    this.#statistics.assigned += 1;
  }

  sent(_session: Session, message: OutgoingMessage, attempt: number): void {
    if (attempt === 1) {
      this.#statistics.sent += 1;
      return;
    }
    this.#statistics.resent += 1;
    this.#types.countResent(message.type);
  }

  acked(): void {
    this.#statistics.acked += 1;
  }

  dropped(
    session: Session,
    message: OutgoingMessage,
    reason: DropReason,
    seq: number,
    attempts: number,
  ): void {
    this.#statistics.dropped += 1;
    // What a client leaves behind that says goodbye is nobody's loss.
    if (reason !== 'goodbye') this.#types.countFailed(message.type);
    if (isDeadLetter(reason)) {
      this.#statistics.deadLetters += 1;
      const atUs = this.#clock.nowUs();
      this.#deadLetters.add(deadLetterOf(session, message, { atUs, seq, reason, attempts }));
    }
    if (reason === 'overflow') this.#statistics.overflowed += 1;
    // What found no place at all has no seq, and nothing is told of an ended session.
    if (seq > 0 && session.sequenced && !session.ended && isGapReason(reason)) this.#statistics.gaps += 1;
  }

  sendFailed(_session: Session, _code: string, retried: boolean): void {
    if (retried) this.#statistics.retried += 1;
    else this.#statistics.failed += 1;
  }
}
