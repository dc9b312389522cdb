/**
 * A fact is a code with its values. All findings about a run are facts, and only the report turns them into
 * sentences, so that rewording cannot change what is found, compared or stored.
 *
 * A table lists the codes and the kinds of their values: `number`, or `number?` if it may be absent; `name`, a text
 * that distinguishes facts of one code; `note`, a text from outside that is only displayed; `boolean`; one of a list
 * of words; or another fact.
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

/** Kinds of values that are ignored when two facts are compared. */
const IRRELEVANT: ReadonlySet<ValueKind> = new Set(['number', 'number?', 'note']);

/**
 * The identity of a fact: its code, and its values that are names, words or `boolean`.
 *
 * @param table - contains the code of the fact
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
