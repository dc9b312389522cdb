import type { DeadLetters } from '../broadcaster/dead-letters.ts';
import type { Clock } from '../protocol/ports.ts';
import { deadLetterLines } from '../server/dead-letter-lines.ts';
import { Outputs, reason } from './outputs.ts';

const FLUSH_MS = 1000;

/**
 * Appends the dead letters of a server that serves to a file, a second after they came at the latest.
 *
 * Those that came so fast that the server kept only the newest are missing, and it says how many.
 */
export class DeadLetterFile {
  readonly #file: string;
  readonly #outputs: Outputs;
  readonly #letters: DeadLetters;
  readonly #clock: Clock;
  readonly #warn: (what: string) => void;
  readonly #timer: NodeJS.Timeout;
  #written = 0;

  /** @throws {UserError} when the file can't be written */
  constructor(options: {
    readonly file: string;
    /** Files that the command reads. */
    readonly inputs: readonly string[];
    readonly letters: DeadLetters;
    readonly clock: Clock;
    readonly warn: (what: string) => void;
  }) {
    this.#file = options.file;
    this.#letters = options.letters;
    this.#clock = options.clock;
    this.#warn = options.warn;
    this.#outputs = new Outputs(options.inputs);
    this.#outputs.claim(this.#file);
    this.#timer = setInterval(() => this.flush(), FLUSH_MS);
    this.#timer.unref();
  }

  flush(): void {
    const letters = this.#letters.after(this.#written);
    const last = letters.at(-1)?.number;
    if (last === undefined) return;
    const missing = last - this.#written - letters.length;
    if (missing > 0) this.#warn(`${missing} dead letters came too fast to be written to "${this.#file}"`);
    this.#written = last;
    try {
      this.#outputs.append(this.#file, deadLetterLines(letters, this.#clock));
    } catch (error) {
      this.#warn(`Cannot write "${this.#file}": ${reason(error)}; ${letters.length} dead letters are lost`);
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.flush();
  }
}
