import { compilePath, type FramePath, follow, PathError } from './path.ts';
import { type Scope, TemplateError } from './scope.ts';
import { compileTemplate, type Template } from './template.ts';

/**
 * What a frame has to have: at least these values at these paths. Lists have them by position; `exists` and `absent`
 * say only that; a text may be a template, whose value depends on the client, the room or the message at hand.
 *
 * What is constant is tested by itself. What templates say becomes a *key*, so that one of many things that wait for an
 * answer is found without a comparison with each.
 */
export interface Pattern {
  /** Its texts ask for names. */
  readonly isConstant: boolean;
  /** Whether a frame has everything but for what templates say. */
  fits(frame: unknown, outer: unknown): boolean;
  /** The values of a frame at the places of templates, as one text. */
  keyOf(frame: unknown, outer: unknown): string;
  /** The values that templates have at present, as one text. @throws {TemplateError} */
  keyFor(scope: Scope): string;
}

/** A pattern that can't be read, with keys and indices that lead to the place. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
  readonly at: readonly (string | number)[];

  constructor(message: string, at: readonly (string | number)[]) {
    super(message);
    this.at = at;
  }
}

interface Constant {
  readonly path: FramePath;
  readonly test: (value: unknown) => boolean;
}

interface Dynamic {
  readonly path: FramePath;
  readonly template: Template;
}

interface Place {
  readonly path: FramePath;
  readonly at: readonly (string | number)[];
}

const WHOLE: FramePath = { outer: false, steps: [] };
const SEPARATOR = '\u0000';

/** @throws {PatternError} */
export function compilePattern(option: unknown): Pattern {
  const constants: Constant[] = [];
  const dynamics: Dynamic[] = [];
  collect(option, { path: WHOLE, at: [] }, constants, dynamics);
  const pick = ({ outer, steps }: FramePath, frame: unknown, around: unknown): unknown =>
    follow(outer ? around : frame, steps);
  return {
    isConstant: dynamics.length === 0,
    fits(frame, outer) {
      for (const { path, test } of constants) if (!test(pick(path, frame, outer))) return false;
      return true;
    },
    keyOf(frame, outer) {
      let key = '';
      for (const { path } of dynamics) key += part(pick(path, frame, outer));
      return key;
    },
    keyFor(scope) {
      let key = '';
      for (const { template } of dynamics) key += part(template.render(scope));
      return key;
    },
  };
}

function part(value: unknown): string {
  return `${typeof value === 'object' ? JSON.stringify(value) : String(value)}${SEPARATOR}`;
}

/** Whether a frame has everything, with templates as they are at present. */
export function matches(pattern: Pattern, frame: unknown, outer: unknown, scope: Scope): boolean {
  if (!pattern.fits(frame, outer)) return false;
  return pattern.isConstant || pattern.keyOf(frame, outer) === pattern.keyFor(scope);
}

function collect(option: unknown, place: Place, constants: Constant[], dynamics: Dynamic[]): void {
  const { path, at } = place;
  if (typeof option === 'string') {
    collectText(option, place, constants, dynamics);
    return;
  }
  if (typeof option !== 'object' || option === null) {
    constants.push({ path, test: (value) => value === option });
    return;
  }
  const isList = Array.isArray(option);
  const entries = isList ? option.entries() : Object.entries(option);
  let count = 0;
  for (const [key, inner] of entries) {
    count += 1;
    collect(inner, { path: extended(path, key, at), at: [...at, key] }, constants, dynamics);
  }
  if (count === 0)
    constants.push({ path, test: (value) => isHolder(value) && Array.isArray(value) === isList });
}

function isHolder(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function extended(
  { outer, steps }: FramePath,
  key: string | number,
  at: readonly (string | number)[],
): FramePath {
  if (typeof key === 'number') return { outer, steps: [...steps, key] };
  try {
    const below = compilePath(key);
    if (below.outer && steps.length > 0)
      throw new PathError(
        `Cannot follow the path "${key}": "^" begins at the frame around, so it can't stand inside`,
      );
    return { outer: outer || below.outer, steps: [...steps, ...below.steps] };
  } catch (error) {
    throw error instanceof PathError ? new PatternError(error.message, [...at, key]) : error;
  }
}

function collectText(text: string, { path, at }: Place, constants: Constant[], dynamics: Dynamic[]): void {
  if (text === 'exists') constants.push({ path, test: (value) => value !== undefined });
  else if (text === 'absent') constants.push({ path, test: (value) => value === undefined });
  else if (!text.includes('{{')) constants.push({ path, test: (value) => value === text });
  else
    try {
      dynamics.push({ path, template: compileTemplate(text) });
    } catch (error) {
      throw error instanceof TemplateError ? new TemplateError(error.message, error.offset, at) : error;
    }
}
