import type { OutgoingMessage } from '../protocol/message.ts';
import type { Session } from '../protocol/session.ts';
import type { DropReason } from '../protocol/session-contract.ts';

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

export interface DeadLetterLimits {
  readonly keptMax: number;
  /** Of the messages of those kept; the newest is kept whatever its size. */
  readonly bytesMax: number;
}

/** The newest dead letters, for somebody to look at; of the older ones only the number is known. */
export class DeadLetters {
  readonly #limits: DeadLetterLimits;
  readonly #onAdded: (letter: DeadLetter) => void;
  readonly #byReason: Record<DeadLetterReason, number> = { 'max-resend': 0, nack: 0 };
  /** By number, oldest first. */
  readonly #letters = new Map<number, DeadLetter>();
  /** How many of the letters kept are of the same broadcast, which counts once. */
  readonly #lettersOf = new Map<OutgoingMessage, number>();
  #bytes = 0;

  /** @param onAdded - hears of each, in the midst of other work: it has to be quick and must not throw */
  constructor(limits: DeadLetterLimits, onAdded: (letter: DeadLetter) => void = () => {}) {
    this.#limits = limits;
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
    return this.#letters.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(letter: Omit<DeadLetter, 'number'>): DeadLetter {
    const { message } = letter;
    this.#byReason[letter.reason] += 1;
    const numbered = { number: this.count, ...letter };
    this.#letters.set(numbered.number, numbered);
    const others = this.#lettersOf.get(message) ?? 0;
    if (others === 0) this.#bytes += message.sizeBytes;
    this.#lettersOf.set(message, others + 1);
    const { keptMax, bytesMax } = this.#limits;
    while (this.kept > keptMax || (this.kept > 1 && this.#bytes > bytesMax)) this.#forgetOldest();
    this.#onAdded(numbered);
    return numbered;
  }

  /** @returns those kept whose number is above `number`, oldest first */
  after(number: number): readonly DeadLetter[] {
    return [...this.#letters.values()].filter((letter) => letter.number > number);
  }

  #forgetOldest(): void {
    for (const [number, { message }] of this.#letters) {
      this.#letters.delete(number);
      const others = (this.#lettersOf.get(message) ?? 1) - 1;
      if (others > 0) this.#lettersOf.set(message, others);
      else {
        this.#lettersOf.delete(message);
        this.#bytes -= message.sizeBytes;
      }
      return;
    }
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
