import type { Driver } from './driver.ts';
import { describedDriver } from './json/driver.ts';
import type { JsonOptions } from './json/options.ts';
import { mqtt } from './mqtt/driver.ts';
import type { MqttOptions } from './mqtt/options.ts';
import { socketIo } from './socket-io/driver.ts';
import type { SocketIoOptions } from './socket-io/options.ts';
import { wsdeliver } from './wsdeliver/driver.ts';

/** A driver, made for the options that a scenario gives it. */
type NewDriver = (options: unknown) => Driver;

/** Every driver that a scenario can name. What a scenario gives it has been checked by the driver's own schema. */
const DRIVERS: Readonly<Record<string, NewDriver>> = {
  wsdeliver: () => wsdeliver,
  json: (options) => describedDriver('json', (options ?? {}) as JsonOptions),
  mqtt: (options) => mqtt(options as Partial<MqttOptions> | undefined),
  'socket.io': (options) => socketIo(options as Partial<SocketIoOptions> | undefined),
};

/** The driver of a run that names none. */
export const DEFAULT_DRIVER = wsdeliver;

/** @throws {Error} when there is none of that name */
export function newDriver(name: string, options: unknown): Driver {
  const make = Object.hasOwn(DRIVERS, name) ? DRIVERS[name] : undefined;
  if (make === undefined)
    throw new Error(
      `Cannot make clients: there is no driver "${name}", ${Object.keys(DRIVERS).join(' or ')} is wanted`,
    );
  return make(options);
}
