import type { OutgoingMessage } from '../protocol/message.ts';
import type { Session } from '../protocol/session.ts';
import type { DropReason } from '../protocol/session-contract.ts';

/** Payload characters that the letters kept may have together. */
const TEXT_LENGTH_MAX = 64 * 1024 * 1024;

/** Why a message became a dead letter: no answer to its last attempt, or a nack that asked for no other. */
export type DeadLetterReason = Extract<DropReason, 'max-resend' | 'nack'>;

/** A message given up for one client although that client was there to be reached. */
export interface DeadLetter {
  /** Counts all dead letters, from 1. */
  readonly number: number;
  readonly atUs: number;
  readonly clientId: string;
  readonly session: string;
  readonly seq: number;
  readonly reason: DeadLetterReason;
  /** Transmissions. */
  readonly attempts: number;
  readonly message: OutgoingMessage;
}

/** The newest dead letters, for somebody to look at; of the older ones only the number is known. */
export class DeadLetters {
  readonly #keptMax: number;
  readonly #onAdded: (letter: DeadLetter) => void;
  readonly #byReason: Record<DeadLetterReason, number> = { 'max-resend': 0, nack: 0 };
  /** In order of their numbers; those before `#first` are gone. */
  #letters: DeadLetter[] = [];
  #first = 0;
  #textLength = 0;

  /** @param onAdded - hears of each, in the midst of other work: it has to be quick and must not throw */
  constructor(keptMax: number, onAdded: (letter: DeadLetter) => void = () => {}) {
    this.#keptMax = keptMax;
    this.#onAdded = onAdded;
  }

  /** All there were. */
  get count(): number {
    return this.#byReason['max-resend'] + this.#byReason.nack;
  }

  get byReason(): Readonly<Record<DeadLetterReason, number>> {
    return this.#byReason;
  }

  get kept(): number {
    return this.#letters.length - this.#first;
  }

  add(letter: Omit<DeadLetter, 'number'>): DeadLetter {
    this.#byReason[letter.reason] += 1;
    const numbered = { number: this.count, ...letter };
    this.#letters.push(numbered);
    this.#textLength += letter.message.text.length;
    while (this.kept > this.#keptMax || (this.kept > 1 && this.#textLength > TEXT_LENGTH_MAX))
      this.#forgetOldest();
    this.#onAdded(numbered);
    return numbered;
  }

  /** @returns those kept whose number is above `number`, oldest first */
  after(number: number): readonly DeadLetter[] {
    const oldest = this.#letters[this.#first]?.number ?? 0;
    return this.#letters.slice(this.#first + Math.max(0, number + 1 - oldest));
  }

  #forgetOldest(): void {
    this.#textLength -= this.#letters[this.#first]?.message.text.length ?? 0;
    this.#first += 1;
    if (this.#first < this.#keptMax) return;
    this.#letters = this.#letters.slice(this.#first);
    this.#first = 0;
  }
}

export function isDeadLetter(reason: DropReason): reason is DeadLetterReason {
  return reason === 'max-resend' || reason === 'nack';
}

/** @param attempts - transmissions */
export function deadLetterOf(
  session: Session,
  message: OutgoingMessage,
  about: Pick<DeadLetter, 'atUs' | 'seq' | 'reason' | 'attempts'>,
): Omit<DeadLetter, 'number'> {
  const { clientId, id } = session.identity;
  return { ...about, clientId, session: id, message };
}
