import { Timer, type Timers } from '../protocol/ports.ts';
import type { Session } from '../protocol/session.ts';
import type { SessionListener } from './session-listener.ts';

/**
 * Writes to many sessions in batches, yielding in between, so that one broadcast to a crowd never keeps heartbeats
 * and acks waiting.
 *
 * A session is queued once however many messages wait for it: broadcasts that overtake the fan-out leave together.
 * A broadcast that fits into one batch does not queue behind a crowd; its recipients are served at once.
 */
export class FanOut implements SessionListener {
  readonly #batchSize: number;
  readonly #batchDelayMs: number;
  readonly #timers: Timers;
  readonly #timer: Timer;
  readonly #serve: (session: Session) => void;
  readonly #waiting = new Set<Session>();
  /** Of the broadcast that is being added, as many as tell whether it fits into one batch. */
  #recipients: Session[] = [];

  constructor(options: {
    readonly batchSize: number;
    readonly batchDelayMs: number;
    readonly timers: Timers;
    readonly serve: (session: Session) => void;
  }) {
    this.#batchSize = options.batchSize;
    this.#batchDelayMs = options.batchDelayMs;
    this.#timers = options.timers;
    this.#serve = options.serve;
    this.#timer = new Timer(() => this.#step());
  }

  add(session: Session): void {
    this.#waiting.add(session);
    if (this.#recipients.length <= this.#batchSize) this.#recipients.push(session);
  }

  released(session: Session): void {
    this.#waiting.delete(session);
  }

  discarded(session: Session): void {
    this.#waiting.delete(session);
  }

  /** The broadcast is complete: serves the first batch now, unless others come before it. */
  start(): void {
    const recipients = this.#recipients;
    this.#recipients = [];
    if (!this.#timer.armed) this.#step();
    else if (recipients.length <= this.#batchSize) for (const session of recipients) this.#serveNow(session);
  }

  stop(): void {
    this.#timers.disarm(this.#timer);
    this.#waiting.clear();
    this.#recipients = [];
  }

  #step(): void {
    let left = this.#batchSize;
    for (const session of this.#waiting) {
      if (left === 0) {
        this.#timers.arm(this.#timer, this.#batchDelayMs);
        return;
      }
      left -= 1;
      this.#serveNow(session);
    }
  }

  /** Whoever was served meanwhile, or has gone, has nothing to wait for. */
  #serveNow(session: Session): void {
    if (this.#waiting.delete(session)) this.#serve(session);
  }
}
