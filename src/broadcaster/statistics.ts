import { COUNTER_NAMES, type CounterName } from './counter.ts';

/** Counters of one broadcaster since it started. */
export type Statistics = Record<CounterName, number>;

const ZEROS = Object.freeze(Object.fromEntries(COUNTER_NAMES.map((name) => [name, 0])) as Statistics);

/** A copy costs a fraction of what building the object name by name does: a simulated run needs several. */
export function newStatistics(): Statistics {
  return { ...ZEROS };
}
