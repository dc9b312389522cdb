import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Descriptors a Node process needs besides its sockets. */
const OWN_DESCRIPTORS = 64;

/** The machine can't run this: said before the run starts, with the numbers. */
export class PreflightError extends Error {
  override readonly name = 'PreflightError';
}

/** @returns how many files this process may have open; undefined where the system does not say */
export function descriptorLimit(): number | undefined {
  try {
    const line = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    if (line !== undefined) return line === 'unlimited' ? Number.POSITIVE_INFINITY : Number(line);
  } catch {
    // Not Linux: ask the shell.
  }
  try {
    const text = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim();
    return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text) || undefined;
  } catch {
    return undefined;
  }
}

/**
 * Checks that every process of the run may open the sockets it will need.
 *
 * @throws {PreflightError} with the number needed
 */
export function checkDescriptors(needs: { readonly clients: number; readonly workers: number; readonly server: boolean }): void {
  const limit = descriptorLimit();
  if (limit === undefined) return;
  const perWorker = Math.ceil(needs.clients / needs.workers) + OWN_DESCRIPTORS;
  const server = needs.server ? needs.clients + OWN_DESCRIPTORS : 0;
  const needed = Math.max(perWorker, server);
  if (needed <= limit) return;
  const who = needs.server && server >= perWorker ? 'the server process' : 'each load worker';
  const fits = needs.server ? limit - OWN_DESCRIPTORS : (limit - OWN_DESCRIPTORS) * needs.workers;
  throw new PreflightError(
    `Cannot run ${needs.clients} clients: ${who} needs ${needed} open files, and the limit is ${limit}. ` +
      `Raise it with "ulimit -n ${needed}", or take --clients ${Math.max(1, fits)}.`,
  );
}
