import { join } from 'node:path';
import { UserError } from './exit.ts';
import { Outputs, reason } from './outputs.ts';

export interface OutputOptions {
  readonly out?: string;
  readonly json?: string;
  readonly junit?: string;
  readonly html?: string;
  readonly markdown?: string;
  readonly deadLetters?: string;
}

/** The files a run is asked to write: checked before the run, so that nothing is measured in vain. */
export class OutputFiles {
  /** What could not be written after all, as on a disk that is full by then. */
  readonly problems: string[] = [];
  readonly #options: OutputOptions;
  readonly #outputs: Outputs;

  /**
   * @param scenarios - their names
   * @param inputs - files that are read
   * @throws {UserError} when one of them can't be written
   */
  constructor(options: OutputOptions, scenarios: readonly string[], inputs: readonly string[]) {
    this.#options = options;
    this.#outputs = new Outputs(inputs);
    for (const flag of ['json', 'html'] as const) {
      if (options[flag] !== undefined && scenarios.length > 1) {
        throw new UserError(
          `Cannot write ${scenarios.length} results to --${flag} "${options[flag]}": use --out <folder>`,
        );
      }
    }
    const doubled = scenarios.find((name, index) => scenarios.indexOf(name) !== index);
    if (options.out !== undefined && doubled !== undefined) {
      throw new UserError(`Cannot write to --out "${options.out}": two scenarios are named "${doubled}"`);
    }
    const { out } = options;
    if (out !== undefined) this.#outputs.claimFolder(out);
    const inFolder = out === undefined ? [] : scenarios.map((name) => join(out, `${name}.json`));
    const { json, junit, html, markdown, deadLetters } = options;
    for (const file of [...inFolder, json, junit, html, markdown, deadLetters]) {
      if (file !== undefined) this.#outputs.claim(file);
    }
  }

  writeOne(scenario: string, texts: { readonly json: string; readonly html: string }): void {
    const { out, json, html } = this.#options;
    if (out !== undefined) this.#write(join(out, `${scenario}.json`), texts.json);
    if (json !== undefined) this.#write(json, texts.json);
    if (html !== undefined) this.#write(html, texts.html);
  }

  /** @param texts - `deadLetters` of all runs, one a line */
  writeAll(texts: { readonly junit: string; readonly markdown: string; readonly deadLetters: string }): void {
    const { junit, markdown, deadLetters } = this.#options;
    if (deadLetters !== undefined) this.#write(deadLetters, texts.deadLetters);
    if (junit !== undefined) this.#write(junit, texts.junit);
    if (markdown !== undefined) this.#write(markdown, texts.markdown);
  }

  #write(file: string, text: string): void {
    try {
      this.#outputs.write(file, text);
    } catch (error) {
      this.problems.push(`Cannot write "${file}": ${reason(error)}; the report above is complete`);
    }
  }
}
