import { printableJson } from '../text/printable.ts';
import { dataWithoutSecrets } from '../text/secrets.ts';
import { type Result, resultSchema } from '../verdict/result.ts';
import { textOf } from './wording/sentence.ts';

/** Values that fit into so many columns stay on one line, so that a series is not a page of braces. */
const WIDTH = 100;

/** The result file, for people too: always the same order of fields, small values on one line, a final newline. */
export function renderJson(result: Result): string {
  const order = Object.keys(resultSchema.shape);
  const entries = Object.entries(result).toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  return renderDocument(Object.fromEntries(entries));
}

/** Any document: the one way in which the commands write JSON. */
export function renderDocument(document: unknown): string {
  return `${printableJson(pretty(dataWithoutSecrets(document), ''))}\n`;
}

/** Facts get their sentence, for people: nothing reads it. */
function withText(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('code' in value)) return value;
  const text = textOf(value.code, value);
  return text === undefined ? value : { ...value, text };
}

function pretty(plain: unknown, indent: string): string {
  const value = withText(plain);
  const compact = oneLine(value);
  if (indent !== '' && compact.length + indent.length <= WIDTH) return compact;
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    return value.length === 0
      ? '[]'
      : `[\n${value.map((each) => inner + pretty(each, inner)).join(',\n')}\n${indent}]`;
  }
  if (typeof value !== 'object' || value === null) return compact;
  const fields = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .map(([key, each]) => `${inner}${JSON.stringify(key)}: ${pretty(each, inner)}`);
  return fields.length === 0 ? '{}' : `{\n${fields.join(',\n')}\n${indent}}`;
}

function oneLine(plain: unknown): string {
  const value = withText(plain);
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .map(([key, each]) => `${JSON.stringify(key)}: ${oneLine(each)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}
