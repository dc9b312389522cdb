/** Values looked at in one payload, and how deep they may lie. */
const VALUES_MAX = 10_000;
const DEPTH_MAX = 64;
/** Of a stamp as text; it has six parts, five of them numbers. */
const STAMP_LENGTH_MAX = 120;
/** The key of a body and the quote behind it, in JSON text that may itself stand in a string. */
const BODY_KEY = /body\\*"\s*:\s*\\*"/;

/**
 * Finds the stamp of a run and the body beside it in whatever a protocol carries: the payload as it was published, an
 * object that a server put around it, text with the payload inside, bytes with such text.
 *
 * It reads into its own fields, so that the usual payload allocates nothing.
 */
export class PayloadReader {
  stamp = '';
  /** Undefined where the server did not send it as a whole: nobody can say whether it is intact. */
  body: string | undefined = undefined;
  readonly #run: string;
  #left = 0;

  /** @param run - the beginning of every stamp */
  constructor(run: string) {
    this.#run = run;
  }

  /** @returns whether there is a stamp; the fields are valid only then */
  read(payload: unknown): boolean {
    if (isStamped(payload) && payload.stamp.startsWith(this.#run)) {
      this.stamp = payload.stamp;
      this.body = typeof payload.body === 'string' ? payload.body : undefined;
      return true;
    }
    this.#left = VALUES_MAX;
    return this.#find(payload, DEPTH_MAX);
  }

  #find(value: unknown, depth: number): boolean {
    this.#left -= 1;
    if (this.#left < 0 || depth === 0) return false;
    if (typeof value === 'string') return this.#findInText(value);
    if (value instanceof Uint8Array) return this.#findInText(textOf(value));
    if (typeof value !== 'object' || value === null) return false;
    if (isStamped(value) && value.stamp.startsWith(this.#run)) return this.read(value);
    for (const key in value) {
      if (!this.#find((value as Record<string, unknown>)[key], depth - 1)) continue;
      this.body ??= bodyBeside(value as Record<string, unknown>);
      return true;
    }
    return false;
  }

  #findInText(text: string): boolean {
    const from = text.indexOf(this.#run);
    if (from < 0) return false;
    let to = from + this.#run.length;
    const end = Math.min(text.length, from + STAMP_LENGTH_MAX);
    while (to < end && isStampCharacter(text.charCodeAt(to))) to += 1;
    this.stamp = text.slice(from, to);
    this.body = bodyIn(text, to);
    return true;
  }
}

function isStamped(value: unknown): value is { readonly stamp: string; readonly body?: unknown } {
  return typeof value === 'object' && value !== null && 'stamp' in value && typeof value.stamp === 'string';
}

/** A server that renames keys may leave the body next to the stamp under its name. */
function bodyBeside({ body }: Record<string, unknown>): string | undefined {
  return typeof body === 'string' ? body : undefined;
}

/** Behind the stamp, where it is published; or anywhere, when the server has sorted the keys. */
function bodyIn(text: string, stampEnd: number): string | undefined {
  const near = text.slice(stampEnd, stampEnd + 24).match(BODY_KEY);
  const key = near === null ? text.match(BODY_KEY) : near;
  if (key === null) return undefined;
  const from = (near === null ? 0 : stampEnd) + (key.index ?? 0) + key[0].length;
  let to = from;
  while (to < text.length && !isQuote(text.charCodeAt(to))) to += 1;
  return to < text.length ? text.slice(from, to) : undefined;
}

const [QUOTE, BACKSLASH, DOT, ZERO, NINE, SMALL_A, SMALL_Z] = [34, 92, 46, 48, 57, 97, 122];

function isQuote(code: number): boolean {
  return code === QUOTE || code === BACKSLASH;
}

function isStampCharacter(code: number): boolean {
  return (code >= ZERO && code <= NINE) || (code >= SMALL_A && code <= SMALL_Z) || code === DOT;
}

const decoder = new TextDecoder('latin1');

/** Stamps and bodies are ASCII, whatever stands around them. */
function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
