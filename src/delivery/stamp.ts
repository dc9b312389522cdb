/**
 * The identity of a message, carried in its payload, so that it can be read without knowing the protocol that
 * delivered it. As text: run, stream, seq, intended instant, body length and body checksum, joined by dots.
 */
export interface Stamp {
  /** Identity of the run: lower-case letters and digits. */
  readonly run: string;
  /** Publish stream, from 0. */
  readonly stream: number;
  /** Number of the message in its stream, from 1. */
  readonly seq: number;
  /** The scheduled send instant; latency counts from here, so that a late sender does not hide its lateness. */
  readonly intendedUs: number;
  /** Length of the body in UTF-16 units, which for the ASCII bodies made here are bytes. */
  readonly length: number;
  /** CRC-32 of the body, unsigned. */
  readonly crc: number;
}

export function formatStamp(stamp: Stamp): string {
  const crc = stamp.crc.toString(16).padStart(8, '0');
  return `${stamp.run}.${stamp.stream}.${stamp.seq}.${stamp.intendedUs}.${stamp.length}.${crc}`;
}

/** @returns `undefined` for anything but a well-formed stamp of this run */
export function readStamp(text: string, run: string): Stamp | undefined {
  if (!scanner.scan(text, run)) return undefined;
  const { stream, seq, intendedUs, length, crc } = scanner;
  return { run, stream, seq, intendedUs, length, crc };
}

const DOT = 46;
const ZERO = 48;
const NINE = 57;
const SMALL_A = 97;
const SMALL_F = 102;

/** Reads stamps into its own fields, so that reading allocates nothing. */
export class StampScanner {
  stream = 0;
  seq = 0;
  intendedUs = 0;
  length = 0;
  crc = 0;
  #at = 0;

  /** @returns whether `text` is a well-formed stamp of `run`; the fields are valid only then */
  scan(text: string, run: string): boolean {
    if (!text.startsWith(run)) return false;
    this.#at = run.length;
    this.stream = this.#integer(text);
    this.seq = this.#integer(text);
    this.intendedUs = this.#integer(text);
    this.length = this.#integer(text);
    if (this.stream < 0 || this.seq < 1 || this.intendedUs < 0 || this.length < 0) return false;
    return this.#checksum(text);
  }

  /** Reads a dot and a canonical safe integer; -1 when there is none, and then for all later calls. */
  #integer(text: string): number {
    const first = this.#at + 1;
    let at = first;
    let value = 0;
    if (text.charCodeAt(this.#at) === DOT) {
      for (; ; at += 1) {
        const code = text.charCodeAt(at);
        if (!(code >= ZERO && code <= NINE)) break;
        value = value * 10 + (code - ZERO);
      }
    }
    const digits = at - first;
    const canonical = digits > 0 && digits <= 16 && (digits === 1 || text.charCodeAt(first) !== ZERO);
    if (!canonical || value > Number.MAX_SAFE_INTEGER) {
      this.#at = text.length;
      return -1;
    }
    this.#at = at;
    return value;
  }

  #checksum(text: string): boolean {
    if (text.charCodeAt(this.#at) !== DOT || text.length !== this.#at + 9) return false;
    let value = 0;
    for (let at = this.#at + 1; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code >= ZERO && code <= NINE) value = value * 16 + (code - ZERO);
      else if (code >= SMALL_A && code <= SMALL_F) value = value * 16 + (code - SMALL_A + 10);
      else return false;
    }
    this.crc = value;
    return true;
  }
}

const scanner = new StampScanner();

/** The payload on the wire, as JSON text. Neither part may need escaping; stamps and bodies made here do not. */
export function stampedPayload(stampText: string, body: string): string {
  return `{"stamp":"${stampText}","body":"${body}"}`;
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_';
let filler = ALPHABET;

/**
 * A body of exactly `length` ASCII characters, none of which JSON escapes; the same for the same arguments.
 *
 * It begins with the message's own number, so that swapped bodies fail their checksums.
 */
export function makeBody(length: number, stream: number, seq: number): string {
  const head = `${stream}:${seq}:`;
  if (head.length >= length) return head.slice(0, length);
  const offset = (seq * 7 + stream * 13) % ALPHABET.length;
  while (filler.length < offset + length) filler += filler;
  return head + filler.slice(offset, offset + length - head.length);
}
