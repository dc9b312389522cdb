import type { Histogram } from '../measure/histogram.ts';
import { clientsOf } from '../scenario/timeline.ts';
import type { Result } from './result.ts';
import type { RunRecord } from './run-record.ts';

/** What became of the attempts of clients to connect, and of their connections. */
export function connectionsOf(
  { measures: { connections }, instants, scenario }: RunRecord,
  summarise: (histogram: Histogram) => ReturnType<Histogram['summarise']>,
): NonNullable<Result['connect']> {
  const { attempts, opened, failed, denied, refused, closed, lifetime, readyUs } = connections;
  const spanUs = (instants.loadToUs - instants.loadFromUs) * clientsOf(scenario).count;
  return {
    attempts,
    opened,
    failed,
    refused: byNumber(refused),
    denied,
    closed: byNumber(closed),
    lifetime: summarise(lifetime),
    ...(spanUs > 0 ? { connectedShare: Math.min(1, readyUs / spanUs) } : {}),
  };
}

function byNumber(counts: ReadonlyMap<number, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([a], [b]) => a - b));
}
