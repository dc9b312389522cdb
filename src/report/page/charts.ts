import { Histogram, type LatencySummary } from '../../measure/histogram.ts';
import { type LogBucket, logBuckets } from '../../measure/log-buckets.ts';
import type { SeriesSummary } from '../../measure/series.ts';
import type { FaultOutcome } from '../../verdict/result.ts';
import { formatAt, formatCount, formatEdge, formatIn, formatShare, formatUs } from '../figures.ts';
import { html, type Markup, NOTHING } from './markup.ts';

/** Drawings as SVG in the page, in units of their own that the browser scales. */

const BARS_MAX = 48;
const WIDTH = 900;
const HEIGHT = 200;
const TOP = 34;
const AXIS = 22;

/** Latencies over a logarithmic axis, with the quantiles as lines. */
export function histogramChart(summary: LatencySummary, label: string): Markup {
  const buckets = logBuckets(Histogram.fromSummary(summary), BARS_MAX);
  const highest = Math.max(1, ...buckets.map(({ count }) => count));
  const slot = WIDTH / Math.max(1, buckets.length);
  const bars = buckets.map(({ fromUs, toUs, count }, index) => {
    const height = count === 0 ? 0 : Math.max(1, (count / highest) * HEIGHT);
    const title = `${formatEdge(fromUs)} to ${formatEdge(toUs)}: ${formatCount(count)}, ${formatShare(count / summary.count)}`;
    const y = TOP + HEIGHT - height;
    return html`<rect class="bar" x="${round(index * slot + 0.5)}" y="${round(y)}" width="${round(slot - 1)}" height="${round(height)}"><title>${title}</title></rect>`;
  });
  const base = TOP + HEIGHT;
  return html`<svg viewBox="0 0 ${WIDTH} ${base + AXIS}" role="img" aria-label="${label}">
${bars}<line class="axis" x1="0" x2="${WIDTH}" y1="${base}" y2="${base}"/>
${edgeLabels(buckets, slot, base + 16)}${quantileMarks(summary, buckets, slot)}</svg>`;
}

/** About ten labels, however many bars there are. */
function edgeLabels(buckets: readonly LogBucket[], slot: number, y: number): Markup[] {
  const every = Math.max(1, Math.ceil(buckets.length / 10));
  return buckets
    .map(({ fromUs }, index) => ({ fromUs, index }))
    .filter(({ index }) => index % every === 0)
    .map(({ fromUs, index }) => html`<text x="${round(index * slot)}" y="${y}">${formatEdge(fromUs)}</text>`);
}

function quantileMarks(summary: LatencySummary, buckets: readonly LogBucket[], slot: number): Markup[] {
  const quantiles: [string, number][] = [
    ['p50', summary.p50],
    ['p99', summary.p99],
    ['p99.9', summary.p999],
  ];
  return quantiles.map(([name, us], row) => {
    const x = round(placeOf(us, buckets) * slot);
    const anchor = x > WIDTH * 0.8 ? 'end' : 'start';
    const shift = anchor === 'end' ? -4 : 4;
    // Each label has a row of its own, since quantiles may lie close together.
    const y = 10 + row * 12;
    return html`<line class="mark" x1="${x}" x2="${x}" y1="${y - 8}" y2="${TOP + HEIGHT}"/><text x="${x + shift}" y="${y}" text-anchor="${anchor}">${name} ${formatUs(us)}</text>`;
  });
}

/** Where a latency lies, in bars from the left. */
function placeOf(us: number, buckets: readonly LogBucket[]): number {
  const index = buckets.findIndex(({ toUs }) => us < toUs);
  const bucket = buckets[index];
  if (bucket === undefined) return buckets.length;
  return index + Math.log(us / bucket.fromUs) / Math.log(bucket.toUs / bucket.fromUs);
}

const CURVE = { width: 300, height: 70, axis: 16 };

/** A quantity over the run, with its warning level and the instants at which faults first fired. */
export function seriesChart(name: string, series: SeriesSummary, faults: readonly FaultOutcome[]): Markup {
  const { points, unit, max, warning } = series;
  const fromMs = points[0]?.atMs ?? 0;
  const toMs = Math.max(fromMs + 1, points.at(-1)?.atMs ?? 0);
  const top = Math.max(max, 1e-9);
  const x = (atMs: number) => round(((atMs - fromMs) / (toMs - fromMs)) * CURVE.width);
  const y = (value: number) => round(CURVE.height - (value / top) * (CURVE.height - 4));
  const path = points
    .map(({ atMs, value }, index) => `${index === 0 ? 'M' : 'L'}${x(atMs)} ${y(value)}`)
    .join(' ');
  const area = `${path} L${x(points.at(-1)?.atMs ?? fromMs)} ${CURVE.height} L0 ${CURVE.height} Z`;
  const limit =
    warning !== undefined && warning <= top
      ? html`<line class="limit" x1="0" x2="${CURVE.width}" y1="${y(warning)}" y2="${y(warning)}"><title>warning at ${formatIn(unit, warning)}</title></line>`
      : NOTHING;
  const fired = faults.map((fault) => faultLine(fault, { fromMs, toMs, x }));
  const label = `${name} over time, at most ${formatIn(unit, max)}`;
  return html`<figure class="chart"><figcaption><span class="mono">${name}</span><span class="soft">max ${formatIn(unit, max)} · final ${formatIn(unit, series.final)}</span></figcaption>
<svg viewBox="0 0 ${CURVE.width} ${CURVE.height + CURVE.axis}" role="img" aria-label="${label}">
<path class="area" d="${area}"/><path class="curve" d="${path}"/>${limit}${fired}<line class="axis" x1="0" x2="${CURVE.width}" y1="${CURVE.height}" y2="${CURVE.height}"/>
<text x="0" y="${CURVE.height + 13}">${formatSeconds(fromMs)}</text><text x="${CURVE.width}" y="${CURVE.height + 13}" text-anchor="end">${formatSeconds(toMs)}</text></svg></figure>`;
}

interface TimeAxis {
  readonly fromMs: number;
  readonly toMs: number;
  readonly x: (atMs: number) => number;
}

function faultLine({ name, firstFiredMs }: FaultOutcome, { fromMs, toMs, x }: TimeAxis): Markup {
  if (firstFiredMs === undefined || firstFiredMs < fromMs || firstFiredMs > toMs) return NOTHING;
  const at = x(firstFiredMs);
  return html`<line class="fault" x1="${at}" x2="${at}" y1="0" y2="${CURVE.height}"><title>${name} fired at ${formatAt(firstFiredMs)}</title></line>`;
}

function formatSeconds(atMs: number): string {
  return `${(atMs / 1000).toFixed(1)} s`;
}

/** Hundredths are finer than any screen shows. */
function round(value: number): number {
  return Math.round(value * 100) / 100;
}
