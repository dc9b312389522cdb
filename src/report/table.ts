import { clipMiddle, type Line, line, lineWidth, padEnd, padStart, span } from './line.ts';

/** One column of a table, with its cells from the top. */
export interface Column {
  readonly title: string;
  readonly cells: readonly Line[];
  /** Absent: right, since most columns are numbers. */
  readonly align?: 'left' | 'right';
  /** Where there is too little room, the column with the highest number goes first; absent: it stays. */
  readonly dispensable?: number;
}

/** A drawing at the right edge, as wide as what the columns leave. */
interface Drawing {
  readonly widthMin: number;
  readonly widthMax: number;
  readonly draw: (row: number, width: number) => Line;
}

const GAP = 2;
const GAP_MAX = 4;

/** Lays columns out in `width`: a line of titles, when there are any, and one line a row. */
export function table(columns: readonly Column[], width: number, drawing?: Drawing): Line[] {
  const reserved = drawing === undefined ? 0 : drawing.widthMin + GAP;
  const kept = fitting(columns, width - reserved);
  const gap = gapFor(kept, width - reserved);
  const widths = kept.map(naturalWidth);
  const [first = 0, ...others] = widths;
  const rest = others.reduce((sum, each) => sum + each + gap, 0);
  widths[0] = Math.max(1, Math.min(first, width - reserved - rest));
  const drawn = Math.min(drawing?.widthMax ?? 0, width - (widths[0] ?? 0) - rest - gap);
  const rows = Array.from({ length: Math.max(0, ...kept.map(({ cells }) => cells.length)) }, (_, row) => {
    const cells = joined(
      kept.map(({ cells }) => cells[row] ?? []),
      kept,
      widths,
      gap,
    );
    return drawing === undefined ? cells : [...cells, span(' '.repeat(gap)), ...drawing.draw(row, drawn)];
  });
  const titles = kept.map(({ title }) => line(span(title, 'dim')));
  return kept.some(({ title }) => title !== '') ? [joined(titles, kept, widths, gap), ...rows] : rows;
}

function fitting(columns: readonly Column[], width: number): readonly Column[] {
  const total = columns.reduce((sum, column) => sum + naturalWidth(column) + GAP, -GAP);
  if (total <= width) return columns;
  const worst = Math.max(...columns.map(({ dispensable }) => dispensable ?? 0));
  if (worst === 0) return columns;
  return fitting(
    columns.filter(({ dispensable }) => dispensable !== worst),
    width,
  );
}

/** Room to spare goes between the columns, as far as the eye still follows a row. */
function gapFor(columns: readonly Column[], width: number): number {
  const cells = columns.reduce((sum, column) => sum + naturalWidth(column), 0);
  const spare = Math.floor((width - cells) / Math.max(1, columns.length - 1));
  return Math.max(GAP, Math.min(GAP_MAX, spare));
}

function naturalWidth({ title, cells }: Column): number {
  return cells.reduce((widest, cell) => Math.max(widest, lineWidth(cell)), title.length);
}

function joined(
  cells: readonly Line[],
  columns: readonly Column[],
  widths: readonly number[],
  gap: number,
): Line {
  return cells.flatMap((cell, index) => {
    const width = widths[index] ?? 0;
    const pad = columns[index]?.align === 'left' ? padEnd : padStart;
    const padded = pad(clipMiddle(cell, width), width);
    return index === 0 ? padded : [span(' '.repeat(gap)), ...padded];
  });
}
