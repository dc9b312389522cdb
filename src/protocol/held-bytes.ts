import type { OutgoingMessage } from './message.ts';

/**
 * The bytes that all outboxes of a broadcaster hold together. A message counts once, however many outboxes hold it,
 * since all of them refer to the same text.
 */
export class HeldBytes {
  readonly max: number;
  #held = 0;

  constructor(max: number) {
    this.max = max;
  }

  get held(): number {
    return this.#held;
  }

  /** Below 0 when the last message went over the limit. */
  get free(): number {
    return this.max - this.#held;
  }

  /** One more outbox holds a message. */
  hold(message: OutgoingMessage): void {
    if (message.holders === 0) this.#held += message.sizeBytes;
    message.holders += 1;
  }

  release(message: OutgoingMessage): void {
    message.holders -= 1;
    if (message.holders === 0) this.#held -= message.sizeBytes;
  }
}
