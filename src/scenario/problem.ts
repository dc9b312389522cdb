import { withoutSecrets } from '../text/secrets.ts';

/** A problem of a scenario, with its place. */
export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly message: string;
  /** The override that set the value, as the user gave it; line and column are then meaningless. */
  readonly origin?: string;
}

export function formatProblem(problem: Problem): string {
  if (problem.origin !== undefined) return `${problem.origin}: ${problem.message}`;
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`;
}

/** Quotes a value for messages: on one line, shortened, with secrets removed before shortening. */
export function quote(value: unknown): string {
  if (value === null || value === undefined) return 'an empty value';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const text = JSON.stringify(withoutSecrets(String(value)));
  return text.length <= QUOTED_LENGTH_MAX ? text : `${text.slice(0, QUOTED_LENGTH_MAX - 2)}…"`;
}

const QUOTED_LENGTH_MAX = 60;
