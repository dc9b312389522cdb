import { printable } from '../text/printable.ts';
import { ExitCode } from './exit.ts';

/** The only place that writes to standard output and standard error. */

/** Writes what is made to be printed as it is: a painted report, a document. */
export function print(text: string): void {
  process.stdout.write(text);
}

/** Writes sentences to standard output, each on a line of its own. */
export function printLine(...sentences: readonly string[]): void {
  print(lines(sentences));
}

/** Writes sentences to standard error, each on a line of its own. */
export function say(...sentences: readonly string[]): void {
  process.stderr.write(lines(sentences));
}

function lines(sentences: readonly string[]): string {
  return sentences.map((sentence) => `${printable(sentence)}\n`).join('');
}

/**
 * Keeps a command going when nobody takes what it writes.
 *
 * A reader that has gone, as of `| head`, is no error. Output that could not be written, as on a full disk, is one,
 * but the files are still written first. Nobody can be told that standard error fails.
 */
export class StreamGuard {
  #lost: string | undefined;
  readonly #onOutput = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') this.#lost ??= error.message;
  };
  readonly #onErrors = (): void => {};

  constructor() {
    process.stdout.on('error', this.#onOutput);
    process.stderr.on('error', this.#onErrors);
  }

  /**
   * Waits until everything that was written is out.
   *
   * @returns the exit code: `code`, or another where output was lost
   */
  async finish(code: number): Promise<number> {
    await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
    if (this.#lost === undefined) return code;
    say(`Cannot write to standard output: ${this.#lost}`);
    return code === ExitCode.pass ? ExitCode.internal : code;
  }
}
