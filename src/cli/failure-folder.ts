import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Failure } from '../simulation/failure.ts';
import { ExitCode, UserError } from './exit.ts';
import { reason } from './output-files.ts';

/** What the files of a failure are called, behind its name. */
const ENDINGS = {
  story: '.story.txt',
  lanes: '.lanes.txt',
  svg: '.lanes.svg',
  history: '.history.txt',
} as const;
const YAML = /\.ya?ml$/;

/**
 * Writes the files of a failure into a folder that is there: the scenario, the story, the diagram and its history.
 *
 * @returns the path of the scenario
 * @throws {UserError} when one of them can't be written
 */
export function writeFailure(folder: string, failure: Omit<Failure, 'tries'>): string {
  const name = join(folder, failure.subject.scenario.name);
  const file = `${name}.yaml`;
  write(file, failure.yaml);
  for (const part of ['story', 'lanes', 'svg', 'history'] as const) {
    if (failure[part] !== '') write(`${name}${ENDINGS[part]}`, failure[part]);
  }
  return file;
}

/** Where the history of the failure in a file would stand. */
export function historyBeside(file: string): string {
  return `${file.replace(YAML, '')}${ENDINGS.history}`;
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UserError(`Cannot write "${file}": ${reason(error)}`, ExitCode.internal);
  }
}
