import type { TraceEvent } from '../../simulation/trace.ts';
import type { Trace } from '../../simulation/trace-run.ts';
import type { Violation } from '../../simulation/violation.ts';
import { explain } from '../wording/sentence.ts';
import { violationHeadline } from '../wording/violation.ts';
import { digest, type Elision } from './digest.ts';

/** With the line that says what is wrong and the one that says why. */
const LINES_MAX = 20;
const WHO_WIDTH = 15;

/** What led to a violation, as the client concerned saw it: at most 20 lines. */
export function drawTimeline(trace: Trace, violation: Violation): string {
  const lines = [
    violationHeadline(violation),
    ...digest(trace, LINES_MAX - 2).map((piece) => lineOf(piece, trace.originUs)),
    `  ${' '.repeat(TIME_WIDTH)}→ ${explain(violation)}`,
  ];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
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

/** A longer transit time is mentioned. */
const SLOW_US = 50_000;
