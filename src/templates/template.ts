import { parseTemplate, type TemplateName } from './parser.ts';
import { type Scope, TemplateError } from './scope.ts';

/** A text with `{{ … }}` in it, parsed once and rendered as often as is wanted. */
export interface Template {
  /** What it asks for. */
  readonly names: readonly TemplateName[];
  /** It renders to the same value always. */
  readonly isConstant: boolean;
  /**
   * A text, or any value where the template is nothing but one `{{ … }}`.
   *
   * @throws {TemplateError} where the scope does not have a value, or has one that can't be calculated with
   */
  render(scope: Scope): unknown;
}

/** Plain data of which every text is a template; keys of maps are none. */
export interface TreeTemplate {
  readonly names: readonly TreeName[];
  readonly isConstant: boolean;
  /**
   * Parts without a template are the same object each time, so nobody may change what is rendered.
   *
   * @throws {TemplateError}
   */
  render(scope: Scope): unknown;
}

/** A name in a text of a tree. */
interface TreeName extends TemplateName {
  /** Keys and indices that lead to the text. */
  readonly at: readonly (string | number)[];
}

/** @throws {TemplateError} */
export function compileTemplate(text: string): Template {
  const { evaluate, names, isConstant } = parseTemplate(text);
  return { names, isConstant, render: evaluate };
}

/** @throws {TemplateError} of which `at` leads to the text */
export function compileTemplates(value: unknown): TreeTemplate {
  return compileBelow(value, []);
}

function compileBelow(value: unknown, at: readonly (string | number)[]): TreeTemplate {
  if (typeof value === 'string') return compileText(value, at);
  if (typeof value !== 'object' || value === null) return constant(value);
  if (Array.isArray(value))
    return compileList(value.map((inner, index) => compileBelow(inner, [...at, index])));
  return compileMap(
    Object.entries(value).map(([key, inner]): Entry => [key, compileBelow(inner, [...at, key])]),
  );
}

type Entry = readonly [key: string, inner: TreeTemplate];

function compileList(items: readonly TreeTemplate[]): TreeTemplate {
  const render = (scope: Scope): unknown => items.map((item) => item.render(scope));
  return whole(items, render);
}

function compileMap(entries: readonly Entry[]): TreeTemplate {
  const render = (scope: Scope): unknown => {
    const map: Record<string, unknown> = {};
    for (const [key, inner] of entries) map[key] = inner.render(scope);
    return map;
  };
  return whole(
    entries.map(([, inner]) => inner),
    render,
  );
}

function whole(parts: readonly TreeTemplate[], render: (scope: Scope) => unknown): TreeTemplate {
  if (parts.every(({ isConstant }) => isConstant)) return constant(render(NOTHING));
  return { names: parts.flatMap(({ names }) => names), isConstant: false, render };
}

function constant(value: unknown): TreeTemplate {
  return { names: [], isConstant: true, render: () => value };
}

function compileText(text: string, at: readonly (string | number)[]): TreeTemplate {
  const located = (error: unknown): unknown =>
    error instanceof TemplateError ? new TemplateError(error.message, error.offset, at) : error;
  try {
    const { names, isConstant, render } = compileTemplate(text);
    if (isConstant) return constant(render(NOTHING));
    const renderHere = (scope: Scope): unknown => {
      try {
        return render(scope);
      } catch (error) {
        throw located(error);
      }
    };
    return { names: names.map((name) => ({ ...name, at })), isConstant, render: renderHere };
  } catch (error) {
    throw located(error);
  }
}

/** For what asks for nothing. */
const NOTHING: Scope = {
  value: () => undefined,
  functions: { counter: () => 0, uuid: () => '', now: () => 0, random: () => 0 },
};
