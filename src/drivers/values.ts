import type { ClientValues } from './driver.ts';

/** The values of a client of whom nothing is known but its number and name. */
export function plainValues(index: number, id: string): ClientValues {
  return { client: { index, id }, env: {}, services: {} };
}
