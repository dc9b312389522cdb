import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandHelp, commandTable, flagTables } from './help-text.ts';
import {
  anomalyTable,
  faultList,
  metricTables,
  optionTable,
  scenarioList,
  variantTable,
} from './reference.ts';
import { keyTable, partNames } from './scenario-keys.ts';

/** Everything in the documentation that a machine writes, by the name that its place in the text is marked with. */
export function generatedParts(root: string, commands: readonly CommandHelp[]): ReadonlyMap<string, string> {
  return new Map([
    ...partNames().map((part): [string, string] => [`keys of ${part}`, keyTable(part)]),
    ['faults', faultList()],
    ['metrics', metricTables()],
    ['anomalies', anomalyTable()],
    ['variants', variantTable()],
    ['library options', optionTable()],
    ['scenarios', scenarioList(join(root, 'scenarios'))],
    ['commands', commandTable(commands)],
    ['flags', flagTables(commands)],
    ['library example', libraryExample(join(root, 'test/library/example.ts'))],
    ['production example', libraryExample(join(root, 'test/library/production.ts'))],
  ]);
}

/** The example that a test runs, as somebody else would write it. */
function libraryExample(file: string): string {
  const code = readFileSync(file, 'utf8')
    .replace(/^\/\/ In a project of your own.*\n/m, '')
    .replace("'../../src/library.ts'", "'wsdeliver'");
  return `\`\`\`ts\n${code.trim()}\n\`\`\``;
}

const PLACE = /<!-- generated: ([^>]+?) -->\n[\s\S]*?<!-- \/generated -->/g;

/** @returns the text with every marked place filled */
export function fillIn(text: string, parts: ReadonlyMap<string, string>): string {
  return text.replace(PLACE, (_, name: string) => {
    const part = parts.get(name);
    if (part === undefined)
      throw new Error(`Cannot fill in "${name}": ${[...parts.keys()].join(', ')} are there`);
    return `<!-- generated: ${name} -->\n\n${part}\n\n<!-- /generated -->`;
  });
}

export function placesIn(text: string): string[] {
  return [...text.matchAll(PLACE)].map(([, name]) => name ?? '');
}
