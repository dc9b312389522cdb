import { digest, type Elision } from './digest.ts';
import type { TraceEvent } from './trace.ts';
import type { Trace } from './trace-run.ts';
import { describeViolation, type Violation } from './violation.ts';

/** With the line that says what is wrong and the one that says why. */
const LINES_MAX = 20;
const WHO_WIDTH = 15;

/** What led to a violation, as the client concerned saw it: at most 20 lines. */
export function tellStory(trace: Trace, violation: Violation): string {
  const lines = [
    headline(violation),
    ...digest(trace, LINES_MAX - 2).map((piece) => lineOf(piece, trace.originUs)),
    `  ${' '.repeat(TIME_WIDTH)}→ ${violation.cause}`,
  ];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** What is wrong, and with which message. */
export function headline(violation: Violation): string {
  const { message } = violation;
  return `${describeViolation(violation)}${message === '' ? '' : `: ${message}`}`;
}

export const TIME_WIDTH = 9;

/** Seconds from the start of load. */
export function instant(atUs: number, originUs: number): string {
  return `${((atUs - originUs) / 1_000_000).toFixed(3)}s`.padStart(TIME_WIDTH);
}

function lineOf(piece: TraceEvent | Elision, originUs: number): string {
  const at = instant(piece.atUs, originUs);
  switch (piece.kind) {
    case 'elision':
      return `${' '.repeat(TIME_WIDTH)}  … ${piece.text}`;
    case 'mark':
      return `${at}  ${piece.place.padEnd(WHO_WIDTH)}  ${piece.label}`;
    case 'travel': {
      const way = piece.direction === 'up' ? 'client → server' : 'server → client';
      return `${at}  ${way.padEnd(WHO_WIDTH)}  ${piece.label}${fateOf(piece)}`;
    }
  }
}

function fateOf({ atUs, arrivedUs }: { readonly atUs: number; readonly arrivedUs?: number }): string {
  if (arrivedUs === undefined) return ' × never arrives';
  return arrivedUs - atUs < SLOW_US ? '' : `, read ${((arrivedUs - atUs) / 1000).toFixed(0)}ms later`;
}

/** A travel that takes longer is worth a word. */
const SLOW_US = 50_000;
