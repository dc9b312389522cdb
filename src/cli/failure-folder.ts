import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failureFiles } from '../report/failure/files.ts';
import type { Failure } from '../simulation/failure.ts';
import { ExitCode, UserError } from './exit.ts';
import { reason } from './output-files.ts';

/** What the files of a failure are called, behind its name. */
const ENDINGS = {
  timeline: '.timeline.txt',
  sequence: '.sequence.txt',
  svg: '.sequence.svg',
  history: '.history.txt',
} as const;
const YAML = /\.ya?ml$/;

/**
 * Writes the files of a failure into a folder that is there: the scenario, the timeline, the diagrams and its history.
 *
 * @returns the path of the scenario
 * @throws {UserError} when one of them can't be written
 */
export function writeFailure(folder: string, failure: Failure): string {
  const name = join(folder, failure.subject.scenario.name);
  const file = `${name}.yaml`;
  const files = failureFiles(failure);
  write(file, files.yaml);
  for (const part of ['timeline', 'sequence', 'svg', 'history'] as const) {
    if (files[part] !== '') write(`${name}${ENDINGS[part]}`, files[part]);
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
