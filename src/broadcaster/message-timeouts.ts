import type { OutgoingMessage } from '../protocol/message.ts';
import { type Clock, Timer, type Timers } from '../protocol/ports.ts';

const BYTES_MAX = 8 * 1024 * 1024;

interface Watched {
  readonly message: OutgoingMessage;
  readonly dueUs: number;
}

/** Closes the result of each broadcast after the message timeout: sends that have not left by then are failures. */
export class MessageTimeouts {
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #onLate: (message: OutgoingMessage, late: number) => void;
  readonly #timer: Timer;
  #unsettled: Watched[] = [];
  #bytes = 0;
  /** When the messages watched have so many bytes, those that have settled meanwhile are let go. */
  #bytesMax = BYTES_MAX;

  /** @param options - `onLate` hears of every message with sends that were late, and of how many */
  constructor(options: {
    readonly timeoutMs: number;
    readonly clock: Clock;
    readonly timers: Timers;
    readonly onLate: (message: OutgoingMessage, late: number) => void;
  }) {
    this.#timeoutMs = options.timeoutMs;
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#onLate = options.onLate;
    this.#timer = new Timer(() => this.#closeOverdue());
  }

  /** Of the messages watched, those included that have settled since the last look. */
  get bytes(): number {
    return this.#bytes;
  }

  watch(message: OutgoingMessage): void {
    if (message.result.settled) return;
    if (this.#bytes > this.#bytesMax) this.#letSettledGo();
    this.#bytes += message.sizeBytes;
    this.#unsettled.push({ message, dueUs: this.#clock.nowUs() + this.#timeoutMs * 1000 });
    if (!this.#timer.armed) this.#timers.arm(this.#timer, this.#timeoutMs);
  }

  stop(): void {
    this.#timers.disarm(this.#timer);
    this.#unsettled.length = 0;
    this.#bytes = 0;
  }

  /** What is left is held by an outbox. Twice as much may come before the next look, so that looking stays cheap. */
  #letSettledGo(): void {
    this.#unsettled = this.#unsettled.filter(({ message }) => !message.result.settled);
    this.#bytes = this.#unsettled.reduce((sum, { message }) => sum + message.sizeBytes, 0);
    this.#bytesMax = BYTES_MAX + this.#bytes * 2;
  }

  /** What an outbox holds is still owed; it just does not count as sent any more. */
  #closeOverdue(): void {
    const nowUs = this.#clock.nowUs();
    let done = 0;
    for (const { message, dueUs } of this.#unsettled) {
      if (dueUs > nowUs) break;
      done += 1;
      this.#bytes -= message.sizeBytes;
      const { result } = message;
      result.closed = true;
      if (result.settled) continue;
      const late = result.total - result.sent - result.skipped - result.dropped - result.failed;
      result.failed += late;
      this.#onLate(message, late);
    }
    this.#unsettled.splice(0, done);
    const next = this.#unsettled[0];
    if (next !== undefined) this.#timers.arm(this.#timer, (next.dueUs - nowUs) / 1000);
  }
}
