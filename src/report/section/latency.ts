import { Histogram, type LatencySummary } from '../../measure/histogram.ts';
import { type LogBucket, logBuckets } from '../../measure/log-buckets.ts';
import { LATENCY_NAMES, type LatencyName } from '../../verdict/measure-schema.ts';
import type { Result } from '../../verdict/result.ts';
import { bar } from '../bars.ts';
import { formatCount, formatEdge, formatShare, formatUs } from '../figures.ts';
import { type Line, line, padEnd, padStart, span, wrap } from '../line.ts';
import { type Column, table } from '../table.ts';
import { LATENCY_LABEL, LATENCY_MEANING } from '../wording/result.ts';

const BARS_MAX = 14;
const SHARE_WIDTH = 7;
const MARKS_WIDTH = 14;

interface Row {
  readonly label: string;
  readonly summary: LatencySummary;
  readonly part: boolean;
}

/** Quantiles of each latency, then the shape of the one that clients feel. */
export function latencyLines(result: Result, width: number): Line[] {
  const rows = LATENCY_NAMES.flatMap((name) => rowsOf(result, name));
  if (rows.length === 0) return [line(span('no samples', 'warn'))];
  const { push } = result.latency;
  return [
    ...warningLines(result, width),
    ...table(quantileColumns(rows), width),
    ...missingLines(result, width),
    ...(push === undefined || push.count === 0 ? [] : [[], ...histogramLines(push, width)]),
  ];
}

/** A latency and, for pushes, its part in each profile. */
function rowsOf(result: Result, name: LatencyName): Row[] {
  const whole = result.latency[name];
  if (whole === undefined || whole.count === 0) return [];
  const profiles = Object.entries(result.profiles);
  const parts = name === 'push' && profiles.length > 1 ? profiles : [];
  return [
    { label: LATENCY_LABEL[name], summary: whole, part: false },
    ...parts.flatMap(([profile, { latency }]) => {
      const summary = latency[name];
      return summary === undefined || summary.count === 0
        ? []
        : [{ label: `  ${profile}`, summary, part: true }];
    }),
  ];
}

function warningLines({ generator }: Result, width: number): Line[] {
  if (generator.status === 'valid') return [];
  const warning = `the generator is ${generator.status}: part of this latency may be its own`;
  return wrap(line(span(warning, 'warn')), width);
}

function quantileColumns(rows: readonly Row[]): Column[] {
  const us = (title: string, of: (summary: LatencySummary) => number): Column => ({
    title,
    cells: rows.map(({ summary, part }) => line(span(formatUs(of(summary)), part ? 'dim' : 'plain'))),
  });
  return [
    {
      title: '',
      align: 'left',
      cells: rows.map(({ label, part }) => line(span(label, part ? 'dim' : 'plain'))),
    },
    us('p50', ({ p50 }) => p50),
    { ...us('p90', ({ p90 }) => p90), dispensable: 2 },
    us('p99', ({ p99 }) => p99),
    { ...us('p99.9', ({ p999 }) => p999), dispensable: 1 },
    us('max', ({ max }) => max),
    {
      title: 'count',
      dispensable: 3,
      cells: rows.map(({ summary }) => line(span(formatCount(summary.count), 'dim'))),
    },
  ];
}

function missingLines({ latency }: Result, width: number): Line[] {
  const missing = LATENCY_NAMES.filter((name) => latency[name]?.count === 0).map(
    (name) => LATENCY_LABEL[name],
  );
  if (missing.length === 0) return [];
  return wrap(line(span('? ', 'warn'), span(`no samples of ${missing.join(', ')}`, 'dim')), width, 2);
}

function histogramLines(push: LatencySummary, width: number): Line[] {
  const buckets = logBuckets(Histogram.fromSummary(push), BARS_MAX);
  const edgeWidth = Math.max(...buckets.map(({ fromUs }) => formatEdge(fromUs).length));
  const barWidth = Math.max(1, width - edgeWidth - 3 - SHARE_WIDTH - MARKS_WIDTH);
  const highest = Math.max(...buckets.map(({ count }) => count));
  const title = wrap(line(span(`pushes by latency, ${LATENCY_MEANING.push}`, 'dim')), width);
  return [
    ...title,
    ...buckets.map((bucket) => [
      ...padStart(line(span(formatEdge(bucket.fromUs), 'dim')), edgeWidth),
      span('  '),
      ...padEnd(line(span(bar(bucket.count / highest, barWidth), 'accent')), barWidth + 1),
      ...padStart(line(bucket.count === 0 ? '' : formatShare(bucket.count / push.count)), SHARE_WIDTH),
      span(marks(push, bucket), 'dim'),
    ]),
  ];
}

/** Which quantiles lie in this bar. */
function marks(push: LatencySummary, { fromUs, toUs }: LogBucket): string {
  const quantiles: [string, number][] = [
    ['p50', push.p50],
    ['p99', push.p99],
    ['p99.9', push.p999],
  ];
  const inside = quantiles.filter(([, us]) => us >= fromUs && us < toUs).map(([name]) => name);
  return inside.length === 0 ? '' : `  ${inside.join(' ')}`;
}
