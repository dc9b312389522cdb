import { Document, isCollection, visit } from 'yaml';
import { z } from 'zod';
import { dataWithoutSecrets } from '../text/secrets.ts';
import { quantities } from './quantity.ts';
import { type Scenario, scenarioSchema } from './schema.ts';
import { type Target, targetObject, targetSchema, writtenTarget } from './target/target-schema.ts';

/** Maps and lists up to this length are written on one line. */
const FLOW_LENGTH_MAX = 96;

/**
 * Writes a scenario as the text of a file: all settings that differ from the defaults, with units.
 *
 * Parsing the text gives the same scenario, for every scenario that was parsed from a text. Computed values may have
 * more digits than a file can hold; they are rounded once. Secrets are left out.
 *
 * @param comment - lines for the head of the file
 */
export function writeScenario(scenario: Scenario, comment: readonly string[] = []): string {
  const { name, seed } = scenario;
  const rest = dataWithoutSecrets(written(scenarioSchema, scenario));
  const document = new Document({ name, seed, ...(isMap(rest) ? rest : {}) });
  visit(document, {
    Collection(_, node) {
      const listOfMaps = 'items' in node && node.items.some((item) => isCollection(item));
      if (node === document.contents || listOfMaps) return;
      node.flow = JSON.stringify(node.toJSON()).length <= FLOW_LENGTH_MAX;
    },
  });
  if (comment.length > 0) document.commentBefore = comment.map((line) => ` ${line}`).join('\n');
  return document.toString({ lineWidth: 0 });
}

/** Yields copies with one setting replaced by its default: whole maps before their contents. */
export function* towardsDefaults<T>(schema: z.ZodType, value: T): Generator<T, undefined> {
  const inner = unwrapped(schema);
  if (!(inner instanceof z.ZodObject) || !isMap(value)) return;
  for (const [key, old] of Object.entries(value)) {
    const part: z.ZodType | undefined = inner.shape[key];
    if (part === undefined || old === undefined) continue;
    const initial = part.safeParse(undefined);
    if (initial.success && !isEqual(initial.data, old)) yield withSetting(value, key, initial.data);
    for (const plainer of towardsDefaults(part, old)) yield withSetting(value, key, plainer);
  }
}

function withSetting<T>(value: T, key: string, setting: unknown): T {
  const { [key]: _old, ...rest } = value as Record<string, unknown>;
  // Optional settings are absent by default, not undefined.
  return (setting === undefined ? rest : { ...value, [key]: setting }) as T;
}

/** The content of a file, as plain data. */
function written(schema: z.ZodType, value: unknown): unknown {
  const quantity = quantities.get(schema);
  if (quantity !== undefined && typeof value === 'number') return quantity.write(value);
  if (schema === targetSchema) return written(targetObject, writtenTarget(value as Target));
  const inner = unwrapped(schema);
  if (inner !== schema) return written(inner, value);
  if (inner instanceof z.ZodArray && Array.isArray(value))
    return value.map((item) => written(inner.element as z.ZodType, item));
  if (inner instanceof z.ZodUnion && isMap(value)) {
    const option = inner.options.find((each) => each instanceof z.ZodObject);
    return option === undefined ? value : written(option, value);
  }
  if (inner instanceof z.ZodRecord && isMap(value)) {
    const kept = Object.entries(value).map(([key, part]) => [
      key,
      written(inner.valueType as z.ZodType, part),
    ]);
    return Object.fromEntries(kept);
  }
  if (!(inner instanceof z.ZodObject) || !isMap(value)) return value;
  const entries = Object.entries(value).flatMap(([key, part]): [string, unknown][] => {
    const partSchema: z.ZodType | undefined = inner.shape[key];
    // Parameters of faults are kept as written.
    if (partSchema === undefined) return [[key, part]];
    const initial = partSchema.safeParse(undefined);
    return initial.success && isEqual(initial.data, part) ? [] : [[key, written(partSchema, part)]];
  });
  return Object.fromEntries(entries);
}

function unwrapped(schema: z.ZodType): z.ZodType {
  const wrapped =
    schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault || schema instanceof z.ZodOptional;
  return wrapped && quantities.get(schema) === undefined ? (schema.unwrap() as z.ZodType) : schema;
}

function isEqual(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => isEqual(item, b[index]));
  if (!isMap(a) || !isMap(b)) return a === b;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => isEqual(a[key], b[key]));
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
