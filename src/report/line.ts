import stringWidth from 'string-width';
import { printable } from '../text/printable.ts';

/**
 * Lines of a report before they are painted: runs of text with a tone. Widths are counted in terminal columns, and
 * nothing here knows colours, so that one layout serves coloured, plain and ASCII output.
 */

export type Tone = 'plain' | 'dim' | 'strong' | 'good' | 'bad' | 'warn' | 'accent';

export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

export type Line = readonly Span[];

/** Marks a space at which a line is not broken, such as within `1 000 ms`; painted as a plain space. */
export const NO_BREAK = '\u00a0';

/** What takes its place as a whole: an emoji of several code points, a letter with its marks. */
const graphemes = new Intl.Segmenter();
const ASCII = /^[\x20-\x7e]*$/;

/** Text may come from a scenario or from the server under test: it is made printable here. */
export function span(text: string, tone: Tone = 'plain'): Span {
  return { text: printable(text), tone };
}

/** A line of one or more texts of one tone, or of spans. */
export function line(...parts: readonly (string | Span)[]): Line {
  return parts.map((part) => (typeof part === 'string' ? span(part) : part));
}

export function textWidth(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

export function lineWidth(content: Line): number {
  return content.reduce((sum, { text }) => sum + textWidth(text), 0);
}

/** Cuts what is beyond `width` and ends in an ellipsis then. */
export function clip(content: Line, width: number): Line {
  if (lineWidth(content) <= width) return content;
  if (width < 1) return [];
  const kept: Span[] = [];
  let left = width - 1;
  for (const { text, tone } of content) {
    const head = headOf(text, left);
    kept.push({ text: head, tone });
    left -= textWidth(head);
    if (head !== text) return [...kept, { text: '…', tone }];
  }
  return kept;
}

/** Cuts out of the middle, since names that begin alike differ at their ends. */
export function clipMiddle(content: Line, width: number): Line {
  if (lineWidth(content) <= width) return content;
  const tailWidth = Math.max(0, Math.floor((width - 1) / 2));
  return [...clip(content, width - tailWidth), ...tailOf(content, tailWidth)];
}

export function padEnd(content: Line, width: number): Line {
  const missing = width - lineWidth(content);
  return missing > 0 ? [...content, span(' '.repeat(missing))] : content;
}

export function padStart(content: Line, width: number): Line {
  const missing = width - lineWidth(content);
  return missing > 0 ? [span(' '.repeat(missing)), ...content] : content;
}

/** Puts `right` at the right edge, or leaves it out when it would touch `left`. */
export function justify(left: Line, right: Line, width: number): Line {
  const gap = width - lineWidth(left) - lineWidth(right);
  return gap < 2 ? left : [...left, span(' '.repeat(gap)), ...right];
}

/**
 * Breaks a line at its spaces; a word longer than a line is cut.
 *
 * @param indent - columns that all lines but the first are moved in by
 */
export function wrap(content: Line, width: number, indent = 0): Line[] {
  const lines: Line[] = [];
  let current: Span[] = [];
  let used = 0;
  for (const word of words(content, Math.max(1, width - indent))) {
    const length = textWidth(word.text);
    if (used + length > width && word.text !== ' ') {
      const blank = current.every(({ text }) => text.trim() === '');
      // Leading spaces give way to a word that needs their room.
      if (!blank) lines.push(withoutTrailingSpace(current));
      used = lines.length > 0 ? indent : 0;
      current = used > 0 ? [span(' '.repeat(indent))] : [];
    }
    if (word.text === ' ' && (used + 1 > width || (lines.length > 0 && used === indent))) continue;
    current.push(word);
    used += length;
  }
  return [...lines, withoutTrailingSpace(current)];
}

/** Facts in a row, with a dot between them; a fact moves to the next line as a whole where it can. */
export function facts(parts: readonly Line[], width: number, indent = 0): Line[] {
  const rows: Line[] = [];
  for (const part of parts) {
    const row = rows.at(-1);
    const extended = row === undefined ? part : [...row, span(' · ', 'dim'), ...part];
    if (row !== undefined && lineWidth(extended) <= width) rows[rows.length - 1] = extended;
    else rows.push(row === undefined ? part : [span(' '.repeat(indent)), ...part]);
  }
  return rows.flatMap((row, index) => wrap(row, width, index === 0 ? indent : indent + 2));
}

function words(content: Line, widthMax: number): Span[] {
  return content.flatMap(({ text, tone }) =>
    text
      .split(/( )/)
      .filter((word) => word !== '')
      .flatMap((word) => cut(word, widthMax).map((piece) => ({ text: piece, tone }))),
  );
}

function cut(word: string, widthMax: number): string[] {
  const pieces: string[] = [];
  let rest = word;
  while (textWidth(rest) > widthMax) {
    const head = headOf(rest, widthMax) || firstOf(rest);
    pieces.push(head);
    rest = rest.slice(head.length);
  }
  return rest === '' ? pieces : [...pieces, rest];
}

function headOf(text: string, width: number): string {
  let head = '';
  let left = width;
  for (const { segment } of graphemes.segment(text)) {
    left -= textWidth(segment);
    if (left < 0) return head;
    head += segment;
  }
  return head;
}

function tailOf(content: Line, width: number): Line {
  const kept: Span[] = [];
  let left = width;
  for (const { text, tone } of content.toReversed()) {
    let tail = '';
    for (const { segment } of [...graphemes.segment(text)].toReversed()) {
      left -= textWidth(segment);
      if (left < 0) return [{ text: tail, tone }, ...kept];
      tail = segment + tail;
    }
    kept.unshift({ text: tail, tone });
  }
  return kept;
}

function firstOf(text: string): string {
  for (const { segment } of graphemes.segment(text)) return segment;
  return '';
}

function withoutTrailingSpace(spans: readonly Span[]): Line {
  const last = spans.findLastIndex(({ text }) => text !== ' ');
  return spans.slice(0, last + 1);
}
