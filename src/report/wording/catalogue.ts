import type { FactOf, FactTable } from '../../delivery/fact.ts';

/** A sentence for each code of a table. */
export type Catalogue<Table extends FactTable> = {
  readonly [Code in keyof Table & string]: (fact: Extract<FactOf<Table>, { readonly code: Code }>) => string;
};

/** Always in milliseconds, so that values of one kind can be compared by eye. */
export function inMs(us: number): string {
  return `${Math.round(us / 1000)}ms`;
}
