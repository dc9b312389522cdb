import { z } from 'zod';
import { nearest, suggest } from '../text/nearest.ts';
import { quote } from './problem.ts';
import { scenarioSchema } from './schema.ts';
import type { Path } from './yaml-source.ts';

/** Describes the problem of the value at a path, in place of the validator's message. */
interface Explanation {
  readonly path: Path;
  /** The key at the end of the path is wrong, not its value. */
  readonly aboutKey: boolean;
  readonly message: string;
  /** The intended key of a misspelt one; its value therefore was not read from the file either. */
  readonly meant?: Path;
}

export function explainIssue(issue: z.core.$ZodIssue): readonly Explanation[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code === 'unrecognized_keys')
    return issue.keys.slice(0, KEYS_MAX).map((key) => explainKey(path, key));
  if (issue.code === 'invalid_key') {
    const wrong = issue.issues[0]?.message ?? issue.message;
    const message = `Cannot read ${quote(String(path.at(-1)))} as a name: ${wrong}`;
    return [{ path, aboutKey: true, message }];
  }
  const branch = issue.code === 'invalid_union' ? mapBranch(issue) : undefined;
  if (branch !== undefined)
    return branch.flatMap((inner) => explainIssue({ ...inner, path: [...issue.path, ...inner.path] }));
  return [{ path, aboutKey: false, message: explainValue(issue, path) }];
}

/** Where a setting is a word or a map, what is wrong inside the map that was written. */
function mapBranch({ errors, input }: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] | undefined {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined;
  const branch = errors.find((issues) =>
    issues.some(({ path, code }) => path.length > 0 || code === 'unrecognized_keys' || code === 'custom'),
  );
  // A misspelt key is missing under its right name, which is no second problem.
  const misspelt = branch?.filter(({ code }) => code === 'unrecognized_keys') ?? [];
  return misspelt.length > 0 ? misspelt : branch;
}

/** Unknown keys reported per file; a file with more is no scenario. */
const KEYS_MAX = 100;

function explainKey(parent: Path, key: string): Explanation {
  const where = parent.length === 0 ? 'a scenario' : `"${parent.join('.')}"`;
  const known = keysAt(parent);
  const message = `Cannot read ${quote(key)}: ${where} has no such key, ${suggest(key, known, 'a key')}`;
  const near = nearest(key, known);
  const meant = near === undefined ? {} : { meant: [...parent, near] };
  return { path: [...parent, key], aboutKey: true, message, ...meant };
}

function explainValue(issue: z.core.$ZodIssue, path: Path): string {
  const { input } = issue;
  // The schema has said it whole.
  if (issue.message.startsWith('Cannot ')) return issue.message;
  const what = nameOf(path);
  switch (issue.code) {
    case 'invalid_type':
      if (input === undefined)
        return `Cannot read ${what}: it is missing, ${wanted(issue.expected)} is wanted`;
      return `Cannot read ${what} as ${quote(input)}: ${wanted(issue.expected)} is wanted`;
    case 'invalid_value': {
      const choices = issue.values.map(String);
      const near = typeof input === 'string' ? nearest(input, choices) : undefined;
      const hint = near === undefined ? '' : `, did you mean "${near}"?`;
      const list = `${choices.join(', ')} ${choices.length === 1 ? 'is' : 'are'} known`;
      return `Cannot read ${what} as ${quote(input)}: ${list}${hint}`;
    }
    case 'too_small':
    case 'too_big':
      return `Cannot read ${what} as ${quote(input)}: ${boundary(issue)} is wanted`;
    default:
      return `Cannot read ${what} as ${quote(input)}: ${issue.message}`;
  }
}

function nameOf(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return 'the scenario';
  return typeof last === 'number' ? `entry ${last + 1} of "${path.at(-2)}"` : `"${last}"`;
}

function boundary(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const bound = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
  if (issue.origin === 'array') return `a list of ${bound} entries`;
  return issue.origin === 'string' ? `text of ${bound} characters` : bound;
}

function wanted(expected: string): string {
  switch (expected) {
    case 'object':
      return 'a map of settings';
    case 'array':
      return 'a list';
    case 'string':
      return 'text';
    case 'boolean':
      return 'true or false';
    case 'int':
    case 'number':
      return 'a whole number';
    default:
      return `a ${expected}`;
  }
}

/** The keys that the schema knows at a path. */
function keysAt(path: Path): readonly string[] {
  let schema: unknown = scenarioSchema;
  for (const step of path) {
    schema = unwrap(schema);
    if (schema instanceof z.ZodUnion) schema = schema.options.find((option) => option instanceof z.ZodObject);
    if (schema instanceof z.ZodArray) schema = schema.element;
    else if (schema instanceof z.ZodRecord) schema = schema.valueType;
    else if (schema instanceof z.ZodObject) schema = schema.shape[step];
  }
  let inner = unwrap(schema);
  if (inner instanceof z.ZodUnion) inner = inner.options.find((option) => option instanceof z.ZodObject);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

function unwrap(schema: unknown): unknown {
  let inner = schema;
  for (;;) {
    if (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault)
      inner = inner.unwrap();
    else if (inner instanceof z.ZodPipe) inner = inner.in;
    else return inner;
  }
}
