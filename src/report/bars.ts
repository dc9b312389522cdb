import type { SeriesPoint } from '../measure/series.ts';

/** Bars and curves made of block characters. */

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/**
 * A bar of at most `width` columns, in eighths of a column.
 *
 * @param share - 0..1; anything above 0 shows at least a trace
 */
export function bar(share: number, width: number): string {
  const eighths = share > 0 ? Math.max(1, Math.round(share * width * 8)) : 0;
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}

/** A progress bar of exactly `width` columns. */
export function gauge(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}

/** A curve of exactly `width` columns from 0 to the largest value, each column the largest of its time. */
export function sparkline(points: readonly SeriesPoint[], width: number): string {
  const columns = resample(points, width);
  const top = Math.max(...columns, 0);
  return columns
    .map((value) => LEVELS[top === 0 ? 0 : Math.round((value / top) * (LEVELS.length - 1))])
    .join('');
}

/** A stretch of time without a sample keeps the value before it. */
function resample(points: readonly SeriesPoint[], width: number): number[] {
  const fromMs = points[0]?.atMs ?? 0;
  const spanMs = (points.at(-1)?.atMs ?? 0) - fromMs;
  const columns = new Array<number | undefined>(Math.max(0, width)).fill(undefined);
  for (const { atMs, value } of points) {
    const column = spanMs === 0 ? 0 : Math.min(width - 1, Math.floor(((atMs - fromMs) / spanMs) * width));
    columns[column] = Math.max(columns[column] ?? 0, value);
  }
  let held = 0;
  return columns.map((value) => {
    held = value ?? held;
    return held;
  });
}
