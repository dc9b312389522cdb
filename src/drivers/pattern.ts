import { valueAt } from '../templates/value-at.ts';

/**
 * Whether a value is as a pattern wants it: maps have at least these values, at keys or at paths with dots; lists have
 * them by position; `exists` and `absent` say only that.
 */
export function matches(pattern: unknown, value: unknown): boolean {
  if (pattern === 'exists') return value !== undefined;
  if (pattern === 'absent') return value === undefined;
  if (typeof pattern !== 'object' || pattern === null) return pattern === value;
  if (Array.isArray(pattern))
    return Array.isArray(value) && pattern.every((inner, index) => matches(inner, value[index]));
  return Object.entries(pattern).every(([path, inner]) => matches(inner, valueAt(value, path.split('.'))));
}
