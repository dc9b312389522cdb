/** Examples kept, and characters of each. */
const EXAMPLES_MAX = 5;
const LENGTH_MAX = 200;

/** What clients had no use for, on its way to another process. */
export interface UnmatchedRecord {
  readonly count: number;
  /** The first few that differ. */
  readonly examples: readonly string[];
}

/** Frames that no rule of a description matches: counted, so that a description that misses some does not look complete. */
export class UnmatchedFrames {
  #count = 0;
  readonly #examples = new Set<string>();

  /** @param hide - takes secrets out of a text that is kept */
  add(text: string, hide: (text: string) => string): void {
    this.#count += 1;
    if (this.#examples.size >= EXAMPLES_MAX) return;
    const shown = hide(text);
    this.#examples.add(shown.length <= LENGTH_MAX ? shown : `${shown.slice(0, LENGTH_MAX)}…`);
  }

  toRecord(): UnmatchedRecord {
    return { count: this.#count, examples: [...this.#examples] };
  }
}
