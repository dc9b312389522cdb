import { loadDriver } from '../load/driver-file.ts';
import { DriverFileError } from '../load/guarded-driver.ts';
import type { Scenario } from '../scenario/schema.ts';

/**
 * Loads the driver of a target as a run would do.
 *
 * @param folder - to which the path of a module is relative
 * @returns why it can't be used; undefined when it can, or where there is no target
 */
export async function driverProblem({ target }: Scenario, folder: string): Promise<string | undefined> {
  if (target === undefined) return undefined;
  try {
    await loadDriver(target, folder);
    return undefined;
  } catch (error) {
    if (error instanceof DriverFileError) return error.message;
    throw error;
  }
}
