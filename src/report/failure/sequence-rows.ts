import type { Mark, TraceEvent, Travel } from '../../simulation/trace.ts';
import type { Trace } from '../../simulation/trace-run.ts';
import { digest, type Elision } from './digest.ts';

/** Longer diagrams are hard to read. */
const PIECES_MAX = 40;

/** One row of a sequence diagram: client, network, server, time downwards. */
export type SequenceRow =
  | { readonly kind: 'mark'; readonly atUs: number; readonly mark: Mark }
  /** Something leaves; `whole`: and arrives before anything else happens. */
  | { readonly kind: 'departure'; readonly atUs: number; readonly travel: Travel; readonly whole: boolean }
  | { readonly kind: 'arrival'; readonly atUs: number; readonly travel: Travel }
  | { readonly kind: 'elision'; readonly atUs: number; readonly text: string };

export function sequenceRows(trace: Trace): SequenceRow[] {
  const rows = digest(trace, PIECES_MAX).flatMap(rowsOf);
  return withoutRepeats(rows.sort((a, b) => a.atUs - b.atUs));
}

function rowsOf(piece: TraceEvent | Elision): SequenceRow[] {
  const { atUs } = piece;
  if (piece.kind === 'elision') return [{ kind: 'elision', atUs, text: piece.text }];
  if (piece.kind === 'mark') return [{ kind: 'mark', atUs, mark: piece }];
  const departure: SequenceRow = { kind: 'departure', atUs, travel: piece, whole: false };
  if (piece.arrivedUs === undefined) return [departure];
  return [departure, { kind: 'arrival', atUs: piece.arrivedUs, travel: piece }];
}

/** An arrival right below its departure needs no row of its own. */
function withoutRepeats(rows: readonly SequenceRow[]): SequenceRow[] {
  const joined: SequenceRow[] = [];
  for (const row of rows) {
    const last = joined.at(-1);
    if (row.kind === 'arrival' && last?.kind === 'departure' && last.travel === row.travel)
      joined[joined.length - 1] = { ...last, whole: true };
    else joined.push(row);
  }
  return joined;
}
