import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { DELIVERY_LEVELS } from '../delivery/level.ts';
import type { Driver } from '../drivers/driver.ts';
import { newDriver } from '../drivers/registry.ts';
import { isDriverFile } from '../scenario/target/driver-options.ts';
import type { Target } from '../scenario/target/target-schema.ts';
import { failureIn } from './driver-failure.ts';
import { DriverFileError, GuardedDriver } from './guarded-driver.ts';

/** A module that has not loaded by then waits for something that does not come. */
const LOAD_TIMEOUT_MS = 10_000;

const callable = z.custom<() => unknown>((value) => typeof value === 'function', 'a function is wanted');

const driverShape = z.object({
  name: z.string().min(1),
  addressOf: callable.optional(),
  subprotocols: z.array(z.string().min(1)).optional(),
  newClients: callable,
  traits: z.object({
    resume: z.enum(['none', 'position', 'session']),
    acks: z.array(z.enum(['each', 'cumulative'])),
    positions: z.enum(['none', 'connection', 'session', 'room']),
    gaps: z.boolean(),
    confirmsPublishes: z.boolean(),
    level: z.enum(DELIVERY_LEVELS),
    binary: z.boolean(),
    verbatim: z.boolean(),
    handles: z.array(z.enum(['acks', 'nacks', 'crash', 'second-socket', 'forget-session', 'room-actions'])),
  }),
});

/**
 * The driver of a target: one of the tool's, or what the module exports that the target names.
 *
 * @param folder - to which the path of a module is relative
 * @throws {DriverFileError}
 */
export async function loadDriver({ driver, options }: Target, folder: string): Promise<Driver> {
  if (!isDriverFile(driver)) return newDriver(driver, options);
  try {
    const made = await inTime(driverIn(resolve(folder, driver), options));
    return new GuardedDriver(made, driver);
  } catch (error) {
    throw new DriverFileError(`Cannot use "${driver}" as a driver: ${failureIn(driver, error)}`);
  }
}

async function driverIn(path: string, options: unknown): Promise<Driver> {
  const module = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
  const { default: exported } = module;
  if (exported === undefined)
    throw new Error('it has no default export, a driver or a function that makes one is wanted');
  const made: unknown = typeof exported === 'function' ? await exported(options) : exported;
  const checked = driverShape.safeParse(made);
  if (checked.success) return made as Driver;
  const [issue] = checked.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? 'it' : `its "${issue.path.join('.')}"`;
  throw new Error(`what it exports is no driver, ${where} is missing or wrong: ${issue?.message ?? ''}`);
}

async function inTime<T>(loading: Promise<T>): Promise<T> {
  let timeout: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const why = `it has not loaded within ${LOAD_TIMEOUT_MS / 1000} s`;
    timeout = setTimeout(() => reject(new Error(why)), LOAD_TIMEOUT_MS);
  });
  try {
    return await Promise.race([loading, late]);
  } finally {
    clearTimeout(timeout);
  }
}
