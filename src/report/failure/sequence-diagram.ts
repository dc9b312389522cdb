import type { Mark, Travel } from '../../simulation/trace.ts';
import type { Trace } from '../../simulation/trace-run.ts';
import type { Violation } from '../../simulation/violation.ts';
import { violationHeadline } from '../wording/violation.ts';
import { type SequenceRow, sequenceRows } from './sequence-rows.ts';
import { instant, TIME_WIDTH } from './timeline.ts';

/** Columns of the lifelines; no line is longer than 80. */
const CLIENT = 12;
const NETWORK = 45;
const SERVER = 78;
const FLAG = TIME_WIDTH + 1;
const WIDTH = SERVER + 1;
/** Of an arrow between two lifelines, with its ends. */
const LABEL_MAX = NETWORK - CLIENT - 7;

/** A diagram of what travelled between a client and the server: in 80 columns, time downwards. */
export function drawSequence(trace: Trace, violation: Violation): string {
  const head = new Canvas(' ').write(CLIENT, `client c${trace.client}`).write(NETWORK - 3, 'network');
  const lines = [
    violationHeadline(violation),
    '',
    head.write(SERVER - 5, 'server').text,
    ...sequenceRows(trace).map((row) => drawRow(row, trace.originUs)),
    '',
    '◆ fault   ● event   × lost on the way   » about the message concerned',
  ];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function drawRow(row: SequenceRow, originUs: number): string {
  if (row.kind === 'elision') return new Canvas('┊').write(CLIENT + 3, `… ${row.text} `).text;
  const canvas = new Canvas('│').write(0, instant(row.atUs, originUs));
  const { weight } = row.kind === 'mark' ? row.mark : row.travel;
  if (weight === 'message') canvas.write(FLAG, '»');
  switch (row.kind) {
    case 'mark':
      return drawMark(canvas, row.mark).text;
    case 'departure':
      return drawDeparture(canvas, row.travel, row.whole).text;
    case 'arrival':
      return drawArrival(canvas, row.travel).text;
  }
}

function drawMark(canvas: Canvas, { place, label, weight }: Mark): Canvas {
  const sign = weight === 'fault' ? '◆' : '●';
  const text = clipped(label, SERVER - CLIENT - 6);
  if (place === 'client') return canvas.write(CLIENT, sign).write(CLIENT + 1, ` ${text} `);
  return canvas.write(SERVER, sign).write(SERVER - text.length - 2, ` ${text} `);
}

function drawDeparture(canvas: Canvas, travel: Travel, whole: boolean): Canvas {
  const up = travel.direction === 'up';
  const [from, to] = up ? [CLIENT + 1, SERVER - 1] : [SERVER - 1, CLIENT + 1];
  const middle = up ? NETWORK - 1 : NETWORK + 1;
  const end = whole ? to : middle;
  const short = travel.label.length <= LABEL_MAX;
  const labelEnd = whole && !short ? to : middle;
  canvas.arrow(from, end).label(Math.min(from, labelEnd), Math.max(from, labelEnd), travel.label);
  return travel.arrivedUs === undefined ? canvas.write(NETWORK, '×') : canvas;
}

function drawArrival(canvas: Canvas, { direction, label }: Travel): Canvas {
  const [from, to] = direction === 'up' ? [NETWORK + 1, SERVER - 1] : [NETWORK - 1, CLIENT + 1];
  return canvas.arrow(from, to).label(Math.min(from, to), Math.max(from, to), label);
}

class Canvas {
  readonly #cells: string[];

  constructor(lifeline: string) {
    this.#cells = Array.from({ length: WIDTH }, () => ' ');
    this.write(CLIENT, lifeline)
      .write(NETWORK, lifeline === ' ' ? ' ' : '┊')
      .write(SERVER, lifeline);
  }

  get text(): string {
    return this.#cells.join('');
  }

  write(column: number, text: string): this {
    for (const [offset, sign] of [...text].entries()) this.#cells[column + offset] = sign;
    return this;
  }

  arrow(from: number, to: number): this {
    const low = Math.min(from, to);
    this.write(low, '─'.repeat(Math.abs(to - from) + 1));
    return this.write(to, to > from ? '▶' : '◀');
  }

  /** In the middle of the columns, with an end of the arrow on either side. */
  label(low: number, high: number, label: string): this {
    const text = ` ${clipped(label, high - low - 5)} `;
    return this.write(low + Math.floor((high - low + 1 - text.length) / 2), text);
  }
}

function clipped(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
