import { z } from 'zod';
import { type FactOf, type FactTable, isNested } from '../delivery/fact.ts';

const VALUES = {
  number: z.number(),
  'number?': z.number().optional(),
  name: z.string(),
  note: z.string(),
  boolean: z.boolean(),
} as const;

/** The schema of facts in files: one object shape per code of a table, without additional keys. */
export function factSchema<Table extends FactTable>(table: Table): z.ZodType<FactOf<Table>> {
  const shapes = Object.entries(table).map(([code, values]) =>
    z.strictObject({ code: z.literal(code), ...shapeOf(values, factSchema) }),
  );
  return union(shapes) as z.ZodType<FactOf<Table>>;
}

/**
 * The schema of facts in a result file, where each fact also has its sentence as `text`. The report writes it, and
 * readers ignore it.
 *
 * @param more - keys beside the code
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
  ).describe('`text` is the same as a sentence.');
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
