import { z } from 'zod';
import type { NumberSetting, Setting, SettingValue } from '../broadcaster/setting.ts';
import { SETTING_NAMES, SETTINGS, type SettingPaths } from '../broadcaster/setting-table.ts';
import { bytes, bytesPerSec, durationMs, ratePerSec, ratio } from './quantity.ts';

/** The `server` block of a scenario: the settings of the broadcaster that have a path, and further keys. */

/** Descriptions of maps. */
const MAP_MEANINGS: Readonly<Record<string, string>> = {
  failures: 'Handling of clients that fail repeatedly.',
  queue: 'Reliable broadcast, for streams that are published via queue.',
  alerts: 'Alerts for operators, with their thresholds and actions.',
};

const store = z
  .enum(['memory'])
  .default('memory')
  .describe('Where outboxes are kept; memory does not survive a restart.');

const scale = z
  .strictObject({
    command: z.string().min(1).max(2000).optional().describe('Shell command, run once per alert.'),
    webhook: z
      .string()
      .min(1)
      .max(2000)
      .optional()
      .describe('http(s) address to which each alert is posted.'),
  })
  .prefault({});

const QUANTITIES = {
  ms: durationMs,
  bytes,
  'bytes-per-second': bytesPerSec,
  share: ratio,
  'per-second': ratePerSec,
} as const;

/** Keys that are not settings of the broadcaster. */
const BESIDE: Readonly<Record<string, z.ZodType>> = { 'outbox.store': store, 'alerts.scale': scale };

type At<Path extends string, Value> = Path extends `${infer Head}.${infer Rest}`
  ? { [Key in Head]: At<Rest, Value> }
  : { [Key in Path]: Value };
type All<Union> = (Union extends unknown ? (part: Union) => void : never) extends (whole: infer Whole) => void
  ? Whole
  : never;
type FromTable = All<
  { [Path in keyof SettingPaths]: At<Path, SettingValue<SettingPaths[Path]>> }[keyof SettingPaths]
>;
/** One level of maps and one of values, as an editor shows them best. */
type Plain<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? { [Key in keyof Value]: Plain<Value[Key]> }
    : Value;

export type ServerSettings = Plain<
  FromTable & {
    outbox: { store: z.output<typeof store> };
    alerts: { scale: z.output<typeof scale> };
  }
>;

/** The compiler cannot derive the type from the construction: the type of the table is asserted. */
export const serverSchema = z.strictObject(shapeOf()) as unknown as z.ZodType<
  ServerSettings,
  Record<string, unknown>
>;

/** @param path - such as `outbox.ackTimeout` */
export function settingAt(server: ServerSettings, path: string): unknown {
  const [head = '', key] = path.split('.');
  const part = (server as unknown as Readonly<Record<string, unknown>>)[head];
  return key === undefined ? part : (part as Readonly<Record<string, unknown>>)[key];
}

/** Quantities that a scenario must not set to 0. */
export function leastSettings(
  server: ServerSettings,
): { readonly path: string[]; readonly value: number; readonly kind: NumberSetting['kind'] }[] {
  return SETTING_NAMES.flatMap((name) => {
    const setting = SETTINGS[name];
    const { path } = setting;
    if (path === undefined || !('min' in setting) || setting.kind === 'count') return [];
    const { kind, min, minInScenario = min } = setting;
    if (minInScenario === 0) return [];
    return [{ path: ['server', ...path.split('.')], value: settingAt(server, path) as number, kind }];
  });
}

type Shape = Record<string, z.ZodType>;

function shapeOf(): Shape {
  const shape: Record<string, z.ZodType | Shape> = {};
  for (const [path, schema] of [...tableEntries(), ...Object.entries(BESIDE)]) {
    const [head = '', key] = path.split('.');
    shape[head] = key === undefined ? schema : { ...(shape[head] as Shape | undefined), [key]: schema };
  }
  return Object.fromEntries(
    Object.entries(shape).map(([key, part]) => [key, part instanceof z.ZodType ? part : mapOf(key, part)]),
  );
}

function mapOf(key: string, shape: Shape): z.ZodType {
  const map = z.strictObject(shape).prefault({});
  const meaning = MAP_MEANINGS[key];
  return meaning === undefined ? map : map.describe(meaning);
}

function tableEntries(): [string, z.ZodType][] {
  return SETTING_NAMES.flatMap((name): [string, z.ZodType][] => {
    const setting = SETTINGS[name];
    return setting.path === undefined ? [] : [[setting.path, schemaOf(setting)]];
  });
}

function schemaOf(setting: Setting): z.ZodType {
  switch (setting.kind) {
    case 'flag':
      return z.boolean().default(setting.default).describe(setting.meaning);
    case 'choice':
      return z.enum(setting.choices).default(setting.default).describe(setting.meaning);
    case 'list':
      return z
        .array(z.enum(setting.choices))
        .max(setting.choices.length)
        .default([...setting.default])
        .describe(setting.meaning);
    default:
      return numberSchema(setting).describe(setting.meaning);
  }
}

/** Minimum values of quantities are checked in `check.ts`, where the whole scenario is known. */
function numberSchema({ kind, min, max, default: initial }: NumberSetting): z.ZodType {
  if (kind !== 'count') return QUANTITIES[kind](initial);
  const whole = z.int().min(min);
  return (max === undefined ? whole : whole.max(max)).default(initial);
}
