import type { FaultOutcome, Result } from '../../verdict/result.ts';
import { formatAt, formatCount, plural } from '../figures.ts';
import { type Line, line, span } from '../line.ts';
import { type Column, table } from '../table.ts';

const FAULTS_MAX = 20;

/** What was to go wrong and whether it did: a fault that never fired proves nothing. */
export function faultLines(result: Result, width: number): Line[] {
  if (result.faults.length === 0) return [line(span('none planned', 'dim'))];
  const hidden = result.faults.length - FAULTS_MAX;
  const more = hidden > 0 ? [line(span(`and ${plural(hidden, 'more fault')}`, 'dim'))] : [];
  return [...faultTable(result.faults.slice(0, FAULTS_MAX), width), ...more];
}

function faultTable(faults: readonly FaultOutcome[], width: number): Line[] {
  return table(
    [
      column('', faults, ({ name }) => line(name), { align: 'left' }),
      column('planned', faults, ({ planned }) => line(formatCount(planned))),
      column('fired', faults, fired),
      column('effects', faults, ({ effects }) => line(formatCount(effects)), { dispensable: 3 }),
      column('fired at', faults, ({ firstFiredMs }) => instant(firstFiredMs), { dispensable: 2 }),
      column('effect at', faults, ({ firstEffectMs }) => instant(firstEffectMs)),
      column('by', faults, ({ fidelity }) => line(span(fidelity, 'dim')), { align: 'left', dispensable: 1 }),
    ],
    width,
  );
}

function column(
  title: string,
  faults: readonly FaultOutcome[],
  cell: (fault: FaultOutcome) => Line,
  layout: Pick<Column, 'align' | 'dispensable'> = {},
): Column {
  return { title, cells: faults.map(cell), ...layout };
}

function fired({ fired: times, planned }: FaultOutcome): Line {
  if (times === 0) return line(span('0', 'bad'));
  return line(span(formatCount(times), times < planned ? 'warn' : 'plain'));
}

function instant(atMs: number | undefined): Line {
  return line(atMs === undefined ? span('–', 'dim') : formatAt(atMs));
}
