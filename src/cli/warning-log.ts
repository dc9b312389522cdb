const WINDOW_MS = 5000;
/** Warnings of one kind that are printed in a window; the rest is counted. */
const PRINTED_MAX = 5;

interface Kind {
  warnings: number;
  window: NodeJS.Timeout;
}

/**
 * Prints the warnings of a server, a few of each kind at a time: thousands of clients with the same trouble, or one that
 * attacks, must not flood the log.
 */
export class WarningLog {
  readonly #print: (line: string) => void;
  readonly #kinds = new Map<string, Kind>();

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** @param kind - one of a closed set of names, since each is kept for a window */
  warn(kind: string, text: string): void {
    const known = this.#kinds.get(kind);
    if (known === undefined) {
      const window = setTimeout(() => this.#end(kind), WINDOW_MS).unref();
      this.#kinds.set(kind, { warnings: 1, window });
    } else known.warnings += 1;
    if ((known?.warnings ?? 1) <= PRINTED_MAX) this.#print(`warning: ${text}`);
  }

  /** Says what was left out, and takes nothing any more. */
  close(): void {
    for (const kind of this.#kinds.keys()) this.#end(kind);
  }

  #end(kind: string): void {
    const known = this.#kinds.get(kind);
    if (known === undefined) return;
    clearTimeout(known.window);
    this.#kinds.delete(kind);
    const more = known.warnings - PRINTED_MAX;
    if (more > 0) this.#print(`warning: ${more} more of the kind ${kind} within ${WINDOW_MS / 1000} s`);
  }
}
