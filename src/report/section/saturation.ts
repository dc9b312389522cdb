import type { SeriesSummary } from '../../measure/series.ts';
import type { Result } from '../../verdict/result.ts';
import { sparkline } from '../bars.ts';
import { formatAt, formatCount, formatIn, formatShare } from '../figures.ts';
import { LABEL_WIDTH } from '../layout.ts';
import { type Line, line, span, wrap } from '../line.ts';
import { type Column, table } from '../table.ts';
import { serverRows } from '../wording/server.ts';
import { isServiceSeries } from '../wording/services.ts';
import { isStranger } from '../wording/target.ts';

const SPARKLINE = { widthMin: 8, widthMax: 40 };
const ALERTS_MAX = 8;

/** What piled up in the server, and whether it went away again. */
export function saturationLines(result: Result, width: number): Line[] {
  const rows = Object.entries(result.saturation).filter(
    ([name, { count }]) => count > 0 && !isServiceSeries(name),
  );
  if (rows.length === 0 && isStranger(result)) return [];
  const absent = result.serverEvidence ? 'not measured' : 'no server-side evidence';
  const missing = rows.length === 0 || !result.serverEvidence ? [line(span(absent, 'dim'))] : [];
  return [
    ...missing,
    ...(rows.length === 0
      ? []
      : table(seriesColumns(rows), width, {
          ...SPARKLINE,
          draw: (row, wide) => curve(rows[row]?.[1], wide),
        })),
    ...alertLines(result, width),
    ...serverRows(result).flatMap(({ label, parts }) =>
      wrap(line(`${label.padEnd(LABEL_WIDTH)}`, span(parts.join(' · '), 'dim')), width, LABEL_WIDTH),
    ),
  ];
}

function seriesColumns(rows: readonly (readonly [string, SeriesSummary])[]): Column[] {
  const values = (title: string, of: (series: SeriesSummary) => number): Column => ({
    title,
    cells: rows.map(([, series]) => line(formatIn(series.unit, of(series)))),
  });
  return [
    { title: '', align: 'left', cells: rows.map(([name]) => line(name)) },
    { ...values('p50', ({ p50 }) => p50), dispensable: 3 },
    { ...values('p99', ({ p99 }) => p99), dispensable: 2 },
    values('max', ({ max }) => max),
    values('final', ({ final }) => final),
    ...(rows.some(([, { warning }]) => warning !== undefined) ? [overColumn(rows)] : []),
  ];
}

function overColumn(rows: readonly (readonly [string, SeriesSummary])[]): Column {
  return { title: 'over warn', dispensable: 1, cells: rows.map(([, series]) => overWarning(series)) };
}

function overWarning({ warning, overWarning: share }: SeriesSummary): Line {
  if (warning === undefined) return line(span('–', 'dim'));
  return line(span(formatShare(share), share > 0 ? 'warn' : 'dim'));
}

function curve(series: SeriesSummary | undefined, width: number): Line {
  return line(span(sparkline(series?.points ?? [], width), 'accent'));
}

function alertLines({ alerts, serverEvidence }: Result, width: number): Line[] {
  if (alerts.length === 0) return serverEvidence ? [line(span('no alerts', 'dim'))] : [];
  const shown = alerts.slice(0, ALERTS_MAX).flatMap(({ name, count, firstAtMs, detail }) => {
    const first = `first at ${formatAt(firstAtMs)}`;
    return wrap(
      line(span(`alert ${name} ×${formatCount(count)}`, 'warn'), `  ${first}  `, span(detail, 'dim')),
      width,
      2,
    );
  });
  const more = alerts.length - ALERTS_MAX;
  return more > 0 ? [...shown, line(span(`and ${formatCount(more)} more kinds of alert`, 'dim'))] : shown;
}
