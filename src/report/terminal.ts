import { Chalk, type ChalkInstance } from 'chalk';
import { clip, type Line, NO_BREAK, type Tone } from './line.ts';

export interface Appearance {
  /** Columns; no line is wider. */
  readonly width: number;
  readonly color: boolean;
  /** With false, only ASCII is printed. */
  readonly unicode: boolean;
}

/** Each sign that the report draws with, and what stands for it in ASCII: one column for one column. */
const ASCII: Readonly<Record<string, string>> = {
  '✓': '+',
  '✗': 'x',
  '·': '|',
  '•': '*',
  '…': '~',
  '→': '>',
  '–': '-',
  '×': 'x',
  '≥': '>',
  µ: 'u',
  '▏': '.',
  '▎': '.',
  '▍': ':',
  '▌': ':',
  '▋': '#',
  '▊': '#',
  '▉': '#',
  '▁': '_',
  '▂': '.',
  '▃': '-',
  '▄': '=',
  '▅': '+',
  '▆': '*',
  '▇': '%',
  '█': '#',
  '░': '.',
  '│': '|',
  '┊': ':',
  '─': '-',
  '▶': '>',
  '◀': '<',
  '●': 'o',
  '◆': '#',
  '»': '>',
};

/** Paints lines for a terminal, without trailing spaces, each ended by a newline. */
export function paint(lines: readonly Line[], { width, color, unicode }: Appearance): string {
  const chalk = new Chalk({ level: color ? 1 : 0 });
  const painted = lines.map((content) =>
    clip(trimmed(content), width)
      .map(({ text, tone }) => tint(chalk, tone)(unicode ? text.replaceAll(NO_BREAK, ' ') : toAscii(text)))
      .join(''),
  );
  return painted.map((text) => `${text}\n`).join('');
}

function tint(chalk: ChalkInstance, tone: Tone): (text: string) => string {
  switch (tone) {
    case 'plain':
      return String;
    case 'dim':
      return chalk.dim;
    case 'strong':
      return chalk.bold;
    case 'good':
      return chalk.green;
    case 'bad':
      return chalk.red.bold;
    case 'warn':
      return chalk.yellow;
    case 'accent':
      return chalk.cyan;
  }
}

/** Line by line, in as many columns. */
export function toAscii(text: string): string {
  return text.replaceAll(NO_BREAK, ' ').replace(/[^\n\x20-\x7e]/gu, (sign) => ASCII[sign] ?? '?');
}

function trimmed(content: Line): Line {
  const last = content.findLastIndex(({ text }) => text.trim() !== '');
  return content
    .slice(0, last + 1)
    .map((part, index) => (index === last ? { ...part, text: part.text.trimEnd() } : part));
}
