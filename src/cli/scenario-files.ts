import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Override } from '../scenario/overrides.ts';
import { parseScenario } from '../scenario/parse.ts';
import { formatProblem } from '../scenario/problem.ts';
import type { Scenario } from '../scenario/schema.ts';
import { nearest } from '../text/nearest.ts';
import { UserError } from './exit.ts';
import { reason } from './outputs.ts';
import { Adjuster, type Adjustments } from './overrides.ts';
import { BUNDLED_SCENARIOS } from './package-info.ts';
import { FILE_BYTES_MAX, readBytes, refuseTooLong } from './read-file.ts';
import { surroundingsOf } from './surroundings.ts';

const YAML = /\.ya?ml$/;

/** A scenario as the user named it, with the file behind it. */
export interface ScenarioFile {
  /** As messages and results name it: a path, or the name of a bundled one. */
  readonly label: string;
  readonly path: string;
}

export interface LoadedScenario {
  readonly label: string;
  readonly path: string;
  readonly scenario: Scenario;
  readonly sha256: string;
}

export function bundledNames(): string[] {
  return readdirSync(BUNDLED_SCENARIOS)
    .filter((file) => YAML.test(file))
    .map((file) => file.replace(YAML, ''))
    .sort();
}

/**
 * Finds scenarios by file, folder or bundled name.
 *
 * @throws {UserError} for a name that is none of these
 */
export function findScenarios(names: readonly string[]): ScenarioFile[] {
  return names.flatMap((name) => {
    const path = resolve(name);
    const kind = kindOf(name, path);
    if (kind === 'file') return [{ label: name, path }];
    if (kind === 'folder') return inFolder(name, path);
    const bundled = bundledNames();
    if (bundled.includes(name)) return [{ label: name, path: join(BUNDLED_SCENARIOS, `${name}.yaml`) }];
    throw new UserError(
      `Cannot find scenario "${name}": it is no file, no folder and no bundled scenario${hint(name, bundled)}`,
    );
  });
}

/** @throws {UserError} with every problem, located, when the file is no valid scenario */
export function loadScenario(file: ScenarioFile, overrides: readonly Override[] = []): LoadedScenario {
  return scenarioFrom(file, readBytes(file, FILE_BYTES_MAX.scenario), overrides);
}

/**
 * The same for a file that was read already.
 *
 * @throws {UserError} with every problem, located, when it is no valid scenario
 */
export function scenarioFrom(
  file: ScenarioFile,
  bytes: Buffer,
  overrides: readonly Override[],
): LoadedScenario {
  refuseTooLong(file.label, bytes, FILE_BYTES_MAX.scenario);
  const surroundings = surroundingsOf(dirname(file.path));
  const outcome = parseScenario(bytes.toString('utf8'), { file: file.label, overrides, surroundings });
  if (!outcome.ok) throw new UserError(outcome.problems.map(formatProblem));
  return {
    label: file.label,
    path: file.path,
    scenario: outcome.scenario,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

/** Run when no scenario is named: on the reference broadcaster, and on a server that runs already. */
const USUAL = { reference: 'quickstart', target: 'first-look' } as const;

/**
 * Every file that was named, or the usual one, with what flags and variables lay over it: all are read and checked before the first one
 * runs.
 *
 * @throws {UserError} with every problem of every file
 */
export function loadScenarios(names: readonly string[], adjustments: Adjustments): LoadedScenario[] {
  const adjuster = new Adjuster(adjustments, process.env);
  const loaded: LoadedScenario[] = [];
  const problems: string[] = [];
  const usual = adjuster.hasTarget ? USUAL.target : USUAL.reference;
  for (const file of findScenarios(names.length === 0 ? [usual] : names)) {
    try {
      const one = loadScenario(file, adjuster.overrides);
      loaded.push({ ...one, scenario: adjuster.adjust(one.scenario) });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(...error.sentences);
    }
  }
  if (problems.length > 0) throw new UserError(problems);
  return loaded;
}

function inFolder(name: string, path: string): ScenarioFile[] {
  const files = readdirSync(path)
    .filter((file) => YAML.test(file))
    .sort();
  if (files.length === 0)
    throw new UserError(`Cannot find a scenario in "${name}": no file in it ends in .yaml or .yml`);
  return files.map((file) => ({ label: join(name, basename(file)), path: join(path, file) }));
}

/** @throws {UserError} when it is there but can't be looked at, as with links in a circle */
function kindOf(name: string, path: string): 'file' | 'folder' | 'nothing' {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'nothing';
    throw new UserError(`Cannot read "${name}": ${reason(error)}`);
  }
}

function hint(name: string, bundled: readonly string[]): string {
  const close = nearest(name, bundled);
  return close === undefined ? ' ("wsdeliver scenarios" lists those)' : `, did you mean "${close}"?`;
}
