import { COUNTER_NAMES, type CounterName } from './counter.ts';

/** Counters of one broadcaster since it started. */
export type Statistics = Record<CounterName, number>;

export function newStatistics(): Statistics {
  return Object.fromEntries(COUNTER_NAMES.map((name) => [name, 0])) as Statistics;
}
