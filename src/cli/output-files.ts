import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UserError } from './exit.ts';

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

  /** @throws {UserError} when one of them can't be written */
  constructor(options: OutputOptions, scenarios: readonly string[]) {
    this.#options = options;
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
    if (options.out !== undefined) prepareFolder(options.out);
    const { json, junit, html, markdown, deadLetters } = options;
    for (const file of [json, junit, html, markdown, deadLetters]) {
      if (file !== undefined) checkWritable(file);
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
      writeFileSync(file, text);
    } catch (error) {
      this.problems.push(`Cannot write "${file}": ${reason(error)}; the report above is complete`);
    }
  }
}

/** @throws {UserError} when it is none, and none can be made */
export function prepareFolder(folder: string): void {
  try {
    makeFolder(resolve(folder));
    if (!statSync(folder).isDirectory())
      throw new UserError(`Cannot write to folder "${folder}": it is a file`);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`Cannot write to folder "${folder}": ${reason(error)}`);
  }
}

/** Level by level: Node's recursive way spins for ever where a file system, such as /proc, refuses with ENOENT. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}

/** Opens the file as the run will: permissions alone do not tell, least of all a superuser. */
export function checkWritable(file: string): void {
  try {
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats?.isDirectory()) throw new UserError(`Cannot write "${file}": it is a folder, a file is wanted`);
    // Opening a pipe waits for its reader, who may come later.
    if (stats !== undefined && !stats.isFile()) return;
    closeSync(openSync(file, 'a'));
    if (stats === undefined) unlinkSync(file);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`Cannot write "${file}": ${reason(error)}`);
  }
}

/** The system's own words, without the call and the path, which the message names already. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message.replace(/, \w+ '.*'$/, '') : String(error);
}
