import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json, from sources as well as from the build. */
const PACKAGE_ROOT = findRoot(dirname(fileURLToPath(import.meta.url)));
export const BUNDLED_SCENARIOS = join(PACKAGE_ROOT, 'scenarios');

export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}

function findRoot(from: string): string {
  if (existsSync(join(from, 'package.json'))) return from;
  const up = dirname(from);
  if (up === from) throw new Error('Cannot find package.json: the package is incomplete');
  return findRoot(up);
}
