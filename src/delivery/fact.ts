/**
 * A fact is a code with the values that belong to it. Everything that is found out about a run is told in facts; the
 * report alone makes sentences of them, so that no rewording can change what is found, compared or kept.
 *
 * Tables name the codes and their values: `number`; `name`, a text that tells facts of one code apart; `note`, a text
 * from elsewhere that is only shown; `boolean`; or one of a list of words.
 */
type ValueKind = 'number' | 'name' | 'note' | 'boolean' | readonly string[];

export type FactTable = Readonly<Record<string, Readonly<Record<string, ValueKind>>>>;

type ValueOf<Kind> = Kind extends 'number'
  ? number
  : Kind extends 'boolean'
    ? boolean
    : Kind extends readonly (infer Word)[]
      ? Word
      : string;

/** Any fact of a table. */
export type FactOf<Table extends FactTable> = {
  [Code in keyof Table & string]: { readonly code: Code } & {
    readonly [Name in keyof Table[Code]]: ValueOf<Table[Code][Name]>;
  };
}[keyof Table & string];

/**
 * What makes two facts the same: the code, and the values that are no numbers and no notes.
 *
 * @param table - has the code of the fact
 */
export function factKey(table: FactTable, fact: { readonly code: string }): string {
  const values = fact as Readonly<Record<string, unknown>>;
  const telling = Object.entries(table[fact.code] ?? {})
    .filter(([, kind]) => kind !== 'number' && kind !== 'note')
    .map(([name]) => values[name]);
  return JSON.stringify([fact.code, ...telling]);
}
