/** What a template is rendered with. */
export interface Scope {
  /** @returns the value that a path names, undefined where there is none */
  value(path: readonly string[]): unknown;
  readonly functions: ScopeFunctions;
}

/** The functions of templates whose values depend on more than their arguments. */
export interface ScopeFunctions {
  /** Counts from 1, for each name and connection apart. */
  counter(name: string): number;
  uuid(): string;
  /** The wall clock; a text for `iso`. */
  now(unit: TimeUnit): number | string;
  /** A whole number from `a` to `b`, both included. */
  random(a: number, b: number): number;
}

export const TIME_UNITS = ['ms', 's', 'us', 'iso'] as const;
export type TimeUnit = (typeof TIME_UNITS)[number];

/** A template that can't be read, or can't be rendered with what there is. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  /** Of the place in the text of the template, from 0. */
  readonly offset: number;
  /** In a tree: keys and indices that lead to the text. */
  readonly at: readonly (string | number)[];

  constructor(message: string, offset: number, at: readonly (string | number)[] = []) {
    super(message);
    this.offset = offset;
    this.at = at;
  }
}
