/** Longer lines are cut, so that one without an end takes no memory. */
const LINE_LENGTH_MAX = 1000;

/** The last lines that a process has written to standard output and standard error. */
export class OutputTail {
  readonly #linesMax: number;
  readonly #lines: string[] = [];
  readonly #onLine: (line: string) => void;

  constructor(linesMax: number, onLine: (line: string) => void = () => {}) {
    this.#linesMax = linesMax;
    this.#onLine = onLine;
  }

  /** Takes one of its streams; lines of the two do not mix. */
  read(stream: NodeJS.ReadableStream | null): void {
    let open = '';
    stream?.setEncoding('utf8');
    stream?.on('data', (text: string) => {
      const lines = (open + text).split('\n');
      open = (lines.pop() ?? '').slice(0, LINE_LENGTH_MAX);
      for (const line of lines) this.#add(line);
    });
    stream?.on('end', () => {
      if (open !== '') this.#add(open);
      open = '';
    });
    // A pipe that breaks has nothing more to say.
    stream?.on('error', () => {});
  }

  /** The oldest first. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  #add(line: string): void {
    const text = line.replace(/\r$/, '').slice(0, LINE_LENGTH_MAX);
    this.#lines.push(text);
    if (this.#lines.length > this.#linesMax) this.#lines.shift();
    this.#onLine(text);
  }
}
