import { withoutSecrets } from '../text/secrets.ts';

/** Something wrong with a scenario, and where. */
export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly message: string;
  /** The override that holds the value, as the user gave it; then line and column mean nothing. */
  readonly origin?: string;
}

export function formatProblem(problem: Problem): string {
  if (problem.origin !== undefined) return `${problem.origin}: ${problem.message}`;
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`;
}

/** A value as messages quote it: on one line, not longer than a line, and without secrets, which a cut could hide. */
export function quote(value: unknown): string {
  if (value === null || value === undefined) return 'an empty value';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const text = JSON.stringify(withoutSecrets(String(value)));
  return text.length <= QUOTED_LENGTH_MAX ? text : `${text.slice(0, QUOTED_LENGTH_MAX - 2)}…"`;
}

const QUOTED_LENGTH_MAX = 60;
