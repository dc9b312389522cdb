import { z } from 'zod';
import type { FactOf, FactTable } from '../delivery/fact.ts';

type ValueKind = FactTable[string][string];

const VALUES = {
  number: z.number(),
  name: z.string(),
  note: z.string(),
  boolean: z.boolean(),
} as const;

/** What a file says of facts: one shape for each code of a table. */
export function factSchema<Table extends FactTable>(table: Table): z.ZodType<FactOf<Table>> {
  return union(table, (code, values) => z.strictObject({ code: z.literal(code), ...values }));
}

/**
 * The same in a result file, where each fact carries its sentence for people as `text`. The report writes it, and a
 * reader drops it.
 *
 * @param more - what stands beside the code
 */
export function toldFactSchema<Table extends FactTable, More extends z.ZodRawShape>(
  table: Table,
  more: More,
): z.ZodType<FactOf<Table> & z.output<z.ZodObject<More>>> {
  return union(table, (code, values) =>
    z.object({
      ...more,
      code: z.literal(code).describe('Beside it, `text` says the same in words.'),
      ...values,
    }),
  );
}

function union<Output>(
  table: FactTable,
  shapeOf: (code: string, values: Record<string, z.ZodType>) => z.ZodObject,
): z.ZodType<Output> {
  const shapes = Object.entries(table).map(([code, values]) =>
    shapeOf(code, Object.fromEntries(Object.entries(values).map(([name, kind]) => [name, schemaOf(kind)]))),
  );
  const [first, ...others] = shapes;
  if (first === undefined) throw new Error('a table of facts is not empty');
  return z.discriminatedUnion('code', [first, ...others]) as unknown as z.ZodType<Output>;
}

function schemaOf(kind: ValueKind): z.ZodType {
  return typeof kind === 'string' ? VALUES[kind] : z.enum(kind as [string, ...string[]]);
}
