import { readFileSync } from 'node:fs';
import { describeFaults } from '../faults/registry.ts';
import { renderHtml } from '../report/html.ts';
import { renderJson } from '../report/json.ts';
import { renderJunit } from '../report/junit.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { renderText } from '../report/text.ts';
import { parseResult, type Result, resultJsonSchema } from '../run/result.ts';
import { scenarioJsonSchema } from '../scenario/json-schema.ts';
import { UserError } from './exit.ts';
import { bundledNames, findScenarios, loadScenario } from './scenario-files.ts';
import { appearance } from './terminal.ts';

export function listScenarios(): void {
  const names = bundledNames();
  const width = Math.max(...names.map((name) => name.length));
  for (const file of findScenarios(names)) {
    const { scenario } = loadScenario(file);
    process.stdout.write(`${file.label.padEnd(width)}  ${scenario.description}\n`);
  }
}

/** @throws {UserError} with every problem of every file */
export function validate(names: readonly string[]): void {
  const problems: string[] = [];
  for (const file of findScenarios(names)) {
    try {
      const { scenario } = loadScenario(file);
      const clients = scenario.clients.reduce((sum, { count }) => sum + count, 0);
      process.stdout.write(
        `${file.label}: valid (${clients} clients, ${scenario.faults.length} faults, ${scenario.expect.assert.length} assertions)\n`,
      );
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0) throw new UserError(problems.join('\n'));
}

export function printSchema(ofResults: boolean): void {
  process.stdout.write(`${JSON.stringify(ofResults ? resultJsonSchema() : scenarioJsonSchema(), undefined, 2)}\n`);
}

export function listFaults(): void {
  for (const { name, parameters, summary } of describeFaults()) {
    const settings = parameters.length === 0 ? '' : `    ${parameters.join(', ')}\n`;
    process.stdout.write(`${name}\n    ${summary}\n${settings}`);
  }
}

export function printReport(file: string, options: { readonly format: string; readonly color?: boolean }): void {
  process.stdout.write(render(readResult(file), options));
}

function readResult(file: string): Result {
  try {
    return parseResult(readFileSync(file, 'utf8'), file);
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    throw new UserError(code === undefined ? message : `Cannot read "${file}": ${message}`);
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
