import { Lexer } from 'yaml';

/**
 * Rejects text that would overflow the YAML parser's stack or take it minutes.
 *
 * The lexer is linear and keeps no stack, so depth and volume are measured on its tokens: open brackets for flow
 * collections, columns of indicators for block collections.
 */
export function findExcess(text: string): Excess | undefined {
  if (text.length > TEXT_LENGTH_MAX) {
    return {
      offset: 0,
      message: `Cannot read the scenario: it has ${text.length} characters, at most ${TEXT_LENGTH_MAX} are read`,
    };
  }
  const binary = text.search(BINARY);
  if (binary >= 0) {
    return {
      offset: binary,
      message: 'Cannot read the scenario: it is not text, a YAML file in UTF-8 is wanted',
    };
  }
  const depth = new Depth();
  let offset = 0;
  let tokens = 0;
  for (const token of new Lexer().lex(text)) {
    if (MARKERS.has(token)) continue;
    const message = ++tokens > TOKENS_MAX ? TOO_LONG : depth.add(token);
    if (message !== undefined) return { offset, message };
    offset += token.length;
  }
  return undefined;
}

interface Excess {
  readonly offset: number;
  readonly message: string;
}

export const NESTING_MAX = 64;
const TEXT_LENGTH_MAX = 1024 * 1024;
const TOKENS_MAX = 200_000;
/** Tokens that the lexer inserts before documents, flow errors and scalars, and that are not in the text. */
const MARKERS: ReadonlySet<string> = new Set(['\u0002', '\u0018', '\u001f']);
/** Control characters except tab and line ends, and the replacement character for invalid UTF-8. */
const BINARY = /[^\t\n\v\f\r\P{Cc}]|\ufffd/u;
const TOO_LONG = `Cannot read the scenario: it has more than ${TOKENS_MAX} tokens, no scenario is that long`;
const TOO_DEEP = `Cannot read the scenario: it is nested more than ${NESTING_MAX} levels deep`;

class Depth {
  #brackets = 0;
  #column = 0;
  #lineBegins = true;
  /** Columns at which the open block collections begin, ascending. */
  readonly #blocks: number[] = [];

  /** @returns the problem, if any */
  add(token: string): string | undefined {
    if (token === '[' || token === '{') this.#brackets++;
    if (token === ']' || token === '}') this.#brackets--;
    if (this.#brackets < 0) return `Cannot read "${token}": no bracket is open that it could close`;
    if (this.#brackets === 0) this.#follow(token);
    return this.#brackets + this.#blocks.length > NESTING_MAX ? TOO_DEEP : undefined;
  }

  #follow(token: string): void {
    if (token.endsWith('\n')) {
      this.#column = 0;
      this.#lineBegins = true;
      return;
    }
    if (token.trim() === '' || token.startsWith('#')) {
      this.#column += token.length;
      return;
    }
    if (this.#lineBegins) this.#open(this.#column);
    this.#lineBegins = false;
    this.#column += token.length;
    // After one of these, a nested collection may begin on the same line.
    if (token === '-' || token === '?' || token === ':') this.#open(this.#column);
  }

  #open(column: number): void {
    while ((this.#blocks.at(-1) ?? -1) >= column) this.#blocks.pop();
    this.#blocks.push(column);
  }
}
