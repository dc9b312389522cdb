import { COUNTER_ROWS, type CounterName, counterWords } from '../../broadcaster/counter.ts';
import type { Result } from '../../verdict/result.ts';
import { formatCount, formatShare, formatUs, plural } from '../figures.ts';

type Broadcast = NonNullable<Result['broadcast']>;

/** The broadcaster's counters that are not 0, and its metrics of the last window, in words: a row for each group. */
export function serverRows({
  broadcast = {},
  metrics,
}: Result): { readonly label: string; readonly parts: readonly string[] }[] {
  const { activeClients = 0, healthyClients = 0 } = broadcast;
  const open = activeClients > 0 ? [`${formatCount(activeClients)} open at the end`] : [];
  const healthy = healthyClients > 0 ? [`${formatCount(healthyClients)} of them healthy`] : [];
  const rows = COUNTER_ROWS.map(({ label, names }) => ({
    label,
    parts: [...countsOf(broadcast, names), ...(label === 'sessions' ? [...open, ...healthy] : [])],
  }));
  const measured = metrics === undefined ? [] : metricsParts(metrics);
  return [...rows, { label: 'metrics', parts: measured }].filter(({ parts }) => parts.length > 0);
}

function countsOf(broadcast: Broadcast, names: readonly CounterName[]): string[] {
  return names
    .map((name) => ({ name, count: broadcast[name] ?? 0 }))
    .filter(({ count }) => count > 0)
    .map(({ name, count }) => `${formatCount(count)} ${counterWords(name)}`);
}

function metricsParts({
  windowMs,
  successRatio,
  latencyMeanUs,
  failures,
}: NonNullable<Result['metrics']>): string[] {
  if (successRatio === undefined) return [];
  const kinds = Object.entries(failures).filter(([, count]) => count > 0);
  return [
    `${formatShare(successRatio)} of attempts in the last ${plural(Math.round(windowMs / 1000), 'second')} succeeded`,
    ...(latencyMeanUs === undefined ? [] : [`${formatUs(latencyMeanUs)} each on average`]),
    ...kinds.map(([kind, count]) => `${formatCount(count)} ${kind}`),
  ];
}
