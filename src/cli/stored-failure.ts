import { existsSync } from 'node:fs';
import { VARIANTS } from '../mutants/registry.ts';
import { obstacleToSimulation } from '../run/simulatable.ts';
import type { Override } from '../scenario/overrides.ts';
import { parseScenario } from '../scenario/parse.ts';
import { formatProblem } from '../scenario/problem.ts';
import type { FoundFailure } from '../scenario/schema.ts';
import { subjectOf } from '../simulation/failure.ts';
import type { StoredRun } from '../simulation/replay.ts';
import { resultViolations } from '../simulation/violation.ts';
import { UserError } from './exit.ts';
import { historyBeside } from './failure-folder.ts';
import { resultFrom } from './inspect.ts';
import { FILE_BYTES_MAX, readBytes } from './read-file.ts';
import { findScenarios, type LoadedScenario, type ScenarioFile, scenarioFrom } from './scenario-files.ts';

/** What a file asks to be run again. */
export interface StoredFailure extends LoadedScenario {
  /** The world in which it happened; a scenario that stores no failure belongs to none. */
  readonly world: 'virtual' | 'real' | undefined;
  /** What is looked for; absent: any failure. */
  readonly violation?: FoundFailure['violation'];
}

/** How a result file begins, whatever it is called. */
const RESULT_BEGIN = /^\s*\{\s*"schema"\s*:\s*"wsdeliver\.result\//;
const BEGIN_LENGTH = 200;

/**
 * Reads the file of a shrunk failure, a result file, or any scenario.
 *
 * @throws {UserError} when it is none of these
 */
export function readStored(name: string, overrides: readonly Override[] = []): StoredFailure {
  const [file, ...others] = findScenarios([name]);
  if (file === undefined || others.length > 0)
    throw new UserError(`Cannot replay "${name}": it is a folder, one file is wanted`);
  const bytes = readBytes(file, FILE_BYTES_MAX.result);
  if (RESULT_BEGIN.test(bytes.toString('utf8', 0, BEGIN_LENGTH)))
    return fromResult(file, bytes.toString('utf8'), overrides);
  const loaded = scenarioFrom(file, bytes, overrides);
  const { found } = loaded.scenario;
  if (found === undefined) return { ...loaded, world: undefined };
  return { ...loaded, world: 'virtual', violation: found.violation };
}

/**
 * The same for virtual time.
 *
 * @throws {UserError} when it names a broken build that is not there, or can't be simulated
 */
export function toStoredRun({ label, scenario, violation }: StoredFailure): StoredRun {
  const obstacle = obstacleToSimulation(scenario);
  if (obstacle !== undefined) throw new UserError(`${label}: ${obstacle}`);
  const subject = subjectOf(scenario, VARIANTS);
  if (subject === undefined)
    throw new UserError(
      `Cannot replay "${label}": no mutant is called "${scenario.found?.variant}", one that "wsdeliver selftest" lists is wanted`,
    );
  if (violation === undefined || scenario.found === undefined)
    throw new UserError(
      `Cannot replay "${label}" in virtual time: it stores no failure, what "wsdeliver simulate --out" wrote is wanted, or --sockets`,
    );
  const { hash } = scenario.found;
  return { subject, violation, history: readHistory(label), ...(hash === undefined ? {} : { hash }) };
}

function fromResult(
  { path, label }: ScenarioFile,
  text: string,
  overrides: readonly Override[],
): StoredFailure {
  const result = resultFrom(text, label);
  const { source, sha256 } = result.scenario;
  if (source === undefined)
    throw new UserError(
      `Cannot replay "${label}": it does not hold the scenario that ran, a result file of this version is wanted`,
    );
  const outcome = parseScenario(source, { file: `${label} (scenario.source)`, overrides });
  if (!outcome.ok) throw new UserError(outcome.problems.map(formatProblem));
  const { scenario } = outcome;
  const [violation] = resultViolations(result, scenario.expect.allowReported);
  const world = result.simulated === true ? 'virtual' : 'real';
  return { label, path, scenario, sha256, world, ...(violation === undefined ? {} : { violation }) };
}

/** Absent for most files, and then there is nothing to compare with. */
function readHistory(label: string): string[] {
  const file = historyBeside(label);
  if (!existsSync(file)) return [];
  return readBytes({ label: file, path: file }, FILE_BYTES_MAX.history).toString('utf8').split('\n');
}
