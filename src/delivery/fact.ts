/**
 * A fact is a code with the values that belong to it. Everything that is found out about a run is told in facts; the
 * report alone makes sentences of them, so that no rewording can change what is found, compared or kept.
 *
 * Tables name the codes and their values: `number`, and `number?` where it may be absent; `name`, a text that tells
 * facts of one code apart; `note`, a text from elsewhere that is only shown; `boolean`; one of a list of words; or
 * another fact.
 */
export type ValueKind =
  | 'number'
  | 'number?'
  | 'name'
  | 'note'
  | 'boolean'
  | readonly string[]
  | { readonly factOf: FactTable };

export interface FactTable {
  readonly [code: string]: { readonly [name: string]: ValueKind };
}

type ValueOf<Kind> = Kind extends 'number' | 'number?'
  ? number
  : Kind extends 'boolean'
    ? boolean
    : Kind extends readonly (infer Word)[]
      ? Word
      : Kind extends { readonly factOf: infer Table extends FactTable }
        ? FactOf<Table>
        : string;

type ValuesOf<Values> = {
  readonly [Name in keyof Values as Values[Name] extends 'number?' ? never : Name]: ValueOf<Values[Name]>;
} & {
  readonly [Name in keyof Values as Values[Name] extends 'number?' ? Name : never]?: number | undefined;
};

/** Any fact of a table. */
export type FactOf<Table extends FactTable> = {
  [Code in keyof Table & string]: { readonly code: Code } & ValuesOf<Table[Code]>;
}[keyof Table & string];

/** Kinds of values that do not make one fact another. */
const IRRELEVANT: ReadonlySet<ValueKind> = new Set(['number', 'number?', 'note']);

/**
 * What makes two facts the same: the code, and the values that are names, words or `boolean`.
 *
 * @param table - has the code of the fact
 */
export function factKey(table: FactTable, fact: { readonly code: string }): string {
  const values = fact as Readonly<Record<string, unknown>>;
  const telling = Object.entries(table[fact.code] ?? {})
    .filter(([, kind]) => !IRRELEVANT.has(kind) && !isNested(kind))
    .map(([name]) => values[name]);
  return JSON.stringify([fact.code, ...telling]);
}

export function isNested(kind: ValueKind): kind is { readonly factOf: FactTable } {
  return typeof kind === 'object' && 'factOf' in kind;
}
