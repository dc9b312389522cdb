import { z } from 'zod';
import { type FactOf, type FactTable, isNested } from '../delivery/fact.ts';

const VALUES = {
  number: z.number(),
  'number?': z.number().optional(),
  name: z.string(),
  note: z.string(),
  boolean: z.boolean(),
} as const;

/** What a file says of facts: one shape for each code of a table, and nothing beside it. */
export function factSchema<Table extends FactTable>(table: Table): z.ZodType<FactOf<Table>> {
  const shapes = Object.entries(table).map(([code, values]) =>
    z.strictObject({ code: z.literal(code), ...shapeOf(values, factSchema) }),
  );
  return union(shapes) as z.ZodType<FactOf<Table>>;
}

/**
 * The same in a result file, where each fact carries its sentence for people as `text`. The report writes it, and a
 * reader drops it.
 *
 * @param more - what stands beside the code
 */
export function toldFactSchema<Table extends FactTable>(table: Table): z.ZodType<FactOf<Table>>;
export function toldFactSchema<Table extends FactTable, More extends z.ZodRawShape>(
  table: Table,
  more: More,
): z.ZodType<FactOf<Table> & z.output<z.ZodObject<More>>>;
export function toldFactSchema(table: FactTable, more: z.ZodRawShape = {}): z.ZodType {
  return union(
    Object.entries(table).map(([code, values]) =>
      z.object({ ...more, code: z.literal(code), ...shapeOf(values, toldFactSchema) }),
    ),
  ).describe('Beside the code and its values, `text` says the same in words.');
}

function shapeOf(values: FactTable[string], nested: (table: FactTable) => z.ZodType): z.ZodRawShape {
  return Object.fromEntries(
    Object.entries(values).map(([name, kind]) => {
      if (typeof kind === 'string') return [name, VALUES[kind]];
      return [name, isNested(kind) ? nested(kind.factOf) : z.enum(kind as [string, ...string[]])];
    }),
  );
}

function union([first, ...others]: readonly z.ZodObject[]): z.ZodType {
  if (first === undefined) throw new Error('a table of facts is not empty');
  return z.discriminatedUnion('code', [first, ...others]) as unknown as z.ZodType;
}
