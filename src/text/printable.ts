import { withoutSecrets } from './secrets.ts';

/**
 * Controls, marks that change the direction of writing, line separators and halves of surrogate pairs: whatever can
 * steer a terminal, hide text or break a line. The joiners of emoji and of Persian stay.
 */
const UNPRINTABLE = /\p{Cc}|\p{Bidi_Control}|[\u2028\u2029\ufeff\ufff9-\ufffb]|\p{Cs}/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * The one place where text from elsewhere (client ids, reasons of a close, answers of a server, names of files)
 * becomes text for people: on one line, without anything that steers a terminal, and without secrets.
 */
export function printable(text: string): string {
  return escaped(withoutSecrets(text));
}

/** A paragraph that may be broken anew: its line ends are spaces. */
export function printableParagraph(text: string): string {
  return printable(text.trim().replace(/\s+/gu, ' '));
}

/** The same JSON with escapes for what is not printable, so that a file of it can be looked at with `cat`. */
export function printableJson(json: string): string {
  // Controls below the space are escaped in strings already; between values they are white space.
  return json.replace(UNPRINTABLE, (character) =>
    character < ' ' ? character : `\\u${hex(character).padStart(4, '0')}`,
  );
}

function escaped(text: string): string {
  return text.replace(UNPRINTABLE, (character) => SHORT[character] ?? `\\${codeOf(character)}`);
}

function codeOf(character: string): string {
  const digits = hex(character);
  return digits.length <= 2 ? `x${digits.padStart(2, '0')}` : `u${digits}`;
}

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16);
}
