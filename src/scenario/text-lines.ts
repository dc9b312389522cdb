/** A place in a text, as editors name it. */
export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

const BYTE_ORDER_MARK = '\uFEFF';

/**
 * The lines of a text. The YAML reader's own count misses line ends behind a plain scalar in an unclosed flow map, so
 * its offsets are looked up here.
 */
export class TextLines {
  readonly #text: string;
  /** Offset at which each line begins. */
  readonly #begins: number[];
  /** Offset of the last character that is no white space. */
  readonly #last: number;

  constructor(text: string) {
    this.#text = text;
    this.#begins = [text.startsWith(BYTE_ORDER_MARK) ? 1 : 0];
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#begins.push(at + 1);
    this.#last = Math.max(0, text.trimEnd().length - 1);
  }

  /** Always on a character of the text: what is missing at a line's end or behind the text is missed before it. */
  at(offset: number): Position {
    const wanted = Math.min(offset, this.#last);
    const index = this.#lineOf(wanted);
    const begin = this.#begins[index] ?? 0;
    const end = this.#begins[index + 1] ?? this.#text.length;
    const length = this.#text.slice(begin, end).replace(/\r?\n$/, '').length;
    return { line: index + 1, column: Math.max(1, Math.min(wanted - begin + 1, length)) };
  }

  /** From 0: the last line that begins at or before an offset. A file may have as many problems as lines. */
  #lineOf(offset: number): number {
    let [low, high] = [0, this.#begins.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#begins[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low;
  }
}
