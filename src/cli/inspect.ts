import { dirname } from 'node:path';
import { describeFaults } from '../faults/registry.ts';
import { renderHtml } from '../report/html.ts';
import { renderJson } from '../report/json.ts';
import { renderJunit } from '../report/junit.ts';
import { line, wrap } from '../report/line.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { renderText } from '../report/text.ts';
import { driverProblem } from '../run/driver-problem.ts';
import { scenarioJsonSchema } from '../scenario/json-schema.ts';
import { printableParagraph } from '../text/printable.ts';
import { parseResult } from '../verdict/read-result.ts';
import { type Result, resultJsonSchema } from '../verdict/result.ts';
import { print, printLine } from './console.ts';
import { UserError } from './exit.ts';
import { FILE_BYTES_MAX, readBytes } from './read-file.ts';
import { bundledNames, findScenarios, loadScenario } from './scenario-files.ts';
import { appearance, knownWidth } from './terminal.ts';

/** One line for each where nobody says how wide a line may be, so that a script can read it. */
export function listScenarios(): void {
  const names = bundledNames();
  const indent = Math.max(...names.map((name) => name.length)) + 2;
  for (const file of findScenarios(names)) {
    const { scenario } = loadScenario(file);
    print(folded(`${file.label.padEnd(indent)}${printableParagraph(scenario.description)}`, indent));
  }
}

/** @throws {UserError} with every problem of every file */
export async function validate(names: readonly string[]): Promise<void> {
  const problems: string[] = [];
  for (const file of findScenarios(names)) {
    try {
      const { scenario } = loadScenario(file);
      const problem = await driverProblem(scenario, dirname(file.path));
      if (problem !== undefined) throw new UserError(`${file.label}: ${problem}`);
      const clients = scenario.clients.reduce((sum, { count }) => sum + count, 0);
      printLine(
        `${file.label}: valid (${clients} clients, ${scenario.faults.length} faults, ${scenario.expect.assert.length} assertions)`,
      );
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(...error.sentences);
    }
  }
  if (problems.length > 0) throw new UserError(problems);
}

export function printSchema(ofResults: boolean): void {
  print(`${JSON.stringify(ofResults ? resultJsonSchema() : scenarioJsonSchema(), undefined, 2)}\n`);
}

export function listFaults(): void {
  for (const { name, parameters, summary } of describeFaults()) {
    const settings = parameters.length === 0 ? '' : folded(`    ${parameters.join(', ')}`, 4);
    print(`${name}\n${folded(`    ${summary}`, 4)}${settings}`);
  }
}

function folded(text: string, indent: number): string {
  const width = knownWidth();
  if (width === undefined) return `${text}\n`;
  return wrap(line(text), width, Math.min(indent, Math.floor(width / 2)))
    .map((each) => `${each.map((part) => part.text).join('')}\n`)
    .join('');
}

export function printReport(
  file: string,
  options: { readonly format: string; readonly color?: boolean },
): void {
  const text = readBytes({ label: file, path: file }, FILE_BYTES_MAX.result).toString('utf8');
  print(render(resultFrom(text, file), options));
}

/** @throws {UserError} when the text is no result file */
export function resultFrom(text: string, label: string): Result {
  try {
    return parseResult(text, label);
  } catch (error) {
    throw new UserError(error instanceof Error ? error.message : String(error));
  }
}

function render(result: Result, options: { readonly format: string; readonly color?: boolean }): string {
  switch (options.format) {
    case 'json':
      return renderJson(result);
    case 'junit':
      return renderJunit([result]);
    case 'markdown':
      return renderMarkdown(result);
    case 'html':
      return renderHtml(result);
    default:
      return renderText(result, appearance(options));
  }
}
