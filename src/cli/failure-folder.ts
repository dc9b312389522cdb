import { join } from 'node:path';
import { failureFiles } from '../report/failure/files.ts';
import type { Failure } from '../simulation/failure.ts';
import { ExitCode, UserError } from './exit.ts';
import { type Outputs, reason } from './outputs.ts';

/** What the files of a failure are called, behind its name. */
const ENDINGS = {
  timeline: '.timeline.txt',
  sequence: '.sequence.txt',
  svg: '.sequence.svg',
  history: '.history.txt',
} as const;
const PARTS = ['timeline', 'sequence', 'svg', 'history'] as const;
const YAML = /\.ya?ml$/;

/**
 * Writes the files of a failure into a folder that is there: the scenario, the timeline, the diagrams and its history.
 *
 * @returns the path of the scenario
 * @throws {UserError} when one of them can't be written
 */
export function writeFailure(folder: string, failure: Failure, outputs: Outputs): string {
  const [file = '', ...beside] = failureNames(folder, failure.subject.scenario.name);
  const files = failureFiles(failure);
  write(outputs, file, files.yaml);
  for (const [index, part] of PARTS.entries()) {
    if (files[part] !== '') write(outputs, beside[index] ?? '', files[part]);
  }
  return file;
}

/** All files that the failure may have: the scenario, then what stands beside it. */
export function failureNames(folder: string, scenario: string): string[] {
  const name = join(folder, scenario);
  return [`${name}.yaml`, ...PARTS.map((part) => `${name}${ENDINGS[part]}`)];
}

/** Where the history of the failure in a file would stand. */
export function historyBeside(file: string): string {
  return `${file.replace(YAML, '')}${ENDINGS.history}`;
}

function write(outputs: Outputs, file: string, text: string): void {
  try {
    outputs.write(file, text);
  } catch (error) {
    throw new UserError(`Cannot write "${file}": ${reason(error)}`, ExitCode.internal);
  }
}
