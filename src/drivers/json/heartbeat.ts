import { Timer, type Timers } from '../../protocol/ports.ts';
import { matches } from '../../templates/pattern.ts';
import { TemplateError } from '../../templates/scope.ts';
import { asInteger } from '../../templates/value.ts';
import type { Description } from './description.ts';
import type { Reading } from './frame-reader.ts';
import type { Speaker } from './speaker.ts';

/** Sends something again and again, and gives the connection up when it stays unanswered. */
export class Heartbeat {
  readonly #owner: Speaker;
  readonly #timers: Timers;
  readonly #beat: NonNullable<Description['heartbeat']>;
  readonly #timer = new Timer(() => this.#send());
  readonly #answerTimer = new Timer(() =>
    this.#owner.fail(`the heartbeat was not answered within ${this.#beat.withinMs} ms`),
  );
  #everyMs = 0;

  constructor(owner: Speaker, timers: Timers, beat: NonNullable<Description['heartbeat']>) {
    this.#owner = owner;
    this.#timers = timers;
    this.#beat = beat;
  }

  /** Begins, unless it is under way or its interval is not known yet. */
  start(): void {
    if (this.#everyMs > 0) return;
    const everyMs = this.#interval();
    if (everyMs === undefined || everyMs <= 0) return;
    this.#everyMs = everyMs;
    this.#timers.arm(this.#timer, everyMs);
  }

  stop(): void {
    this.#everyMs = 0;
    this.#timers.disarm(this.#timer);
    this.#timers.disarm(this.#answerTimer);
  }

  /** @returns whether a frame is the answer that it expects */
  onFrame({ frame, outer }: Reading): boolean {
    const { expect } = this.#beat;
    if (expect === undefined || !matches(expect, frame, outer, this.#owner.scope.expecting())) return false;
    this.#owner.explain('answers the heartbeat');
    this.#timers.disarm(this.#answerTimer);
    return true;
  }

  #interval(): number | undefined {
    try {
      return asInteger(this.#beat.every.render(this.#owner.scope.with({})));
    } catch (error) {
      // It is saved later on this connection.
      if (error instanceof TemplateError) return undefined;
      throw error;
    }
  }

  #send(): void {
    this.#timers.arm(this.#timer, this.#everyMs);
    this.#owner.send(this.#beat.send, {});
    const { expect, withinMs } = this.#beat;
    if (expect !== undefined && !this.#answerTimer.armed) this.#timers.arm(this.#answerTimer, withinMs);
  }
}
