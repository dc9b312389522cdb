import type { Driver } from './driver.ts';
import { wsdeliver } from './wsdeliver/driver.ts';

/** Every driver that a scenario can name. */
const DRIVERS: ReadonlyMap<string, Driver> = new Map([wsdeliver].map((driver) => [driver.name, driver]));

/** The driver of a run that names none. */
export const DEFAULT_DRIVER = wsdeliver;

export function findDriver(name: string): Driver | undefined {
  return DRIVERS.get(name);
}
