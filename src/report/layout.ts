import { type Line, line, padEnd, span } from './line.ts';
import type { Appearance } from './terminal.ts';

/** Lines of one section, for so many columns; none where there is nothing to say. */
export type SectionLines = (width: number) => Line[];

/** Wider lines are harder to read than they are worth. */
const WIDTH_MAX = 120;
const WIDTH_MIN = 40;
/** From here on, labels stand beside their sections instead of above them. */
const WIDTH_WITH_MARGIN = 76;
const MARGIN = 12;
const INDENT = 2;
/** Of the labels within a section. */
export const LABEL_WIDTH = 13;
/** Reasons that a report names; the result file has them all. */
export const REASONS_MAX = 6;

/** Columns that a report takes of a terminal. */
export function reportWidth({ width }: Appearance): number {
  return Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, width));
}

/** Lays out sections one below the other, each with its label and an empty line after it. */
export function layOut(sections: readonly (readonly [string, SectionLines])[], width: number): Line[] {
  const margin = width >= WIDTH_WITH_MARGIN ? MARGIN : INDENT;
  return sections.flatMap(([label, section]) => {
    const content = section(width - margin);
    return content.length === 0 ? [] : [...labelled(label, content, margin), []];
  });
}

function labelled(label: string, content: readonly Line[], margin: number): Line[] {
  const head = line(span(label, 'strong'));
  const indented = content.map(
    (each): Line => (each.length === 0 ? each : [span(' '.repeat(margin)), ...each]),
  );
  if (margin < MARGIN) return [head, ...indented];
  return [[...padEnd(head, margin), ...(content[0] ?? [])], ...indented.slice(1)];
}
