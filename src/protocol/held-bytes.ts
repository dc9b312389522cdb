import type { OutgoingMessage } from './message.ts';

/** Memory that an outbox needs for one message besides the message itself: 35 bytes in arrays that double when full. */
export const ENTRY_BYTES = 96;

/**
 * The bytes that all outboxes of a broadcaster hold together. A message counts once, however many outboxes hold it,
 * since all of them refer to the same text; its entry counts in each.
 */
export class HeldBytes {
  readonly max: number;
  #held = 0;
  #outboxes = 0;

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

  /** @returns how many outboxes there were before this one */
  nextOutbox(): number {
    this.#outboxes += 1;
    return this.#outboxes - 1;
  }

  /** One more outbox holds a message. */
  hold(message: OutgoingMessage): void {
    this.#held += message.holders === 0 ? ENTRY_BYTES + message.sizeBytes : ENTRY_BYTES;
    message.holders += 1;
  }

  release(message: OutgoingMessage): void {
    message.holders -= 1;
    this.#held -= message.holders === 0 ? ENTRY_BYTES + message.sizeBytes : ENTRY_BYTES;
  }
}
