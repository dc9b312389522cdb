import { z } from 'zod';
import { quote } from './problem.ts';

/**
 * Quantities with units: the only place where `250ms`, `64KiB`, `16KiB/s`, `10%` and `200/s` become plain numbers
 * (ms, bytes, bytes per second, 0..1, per second) and plain numbers become text again.
 */

export type ParsedQuantity =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly problem: string };

export function parseDuration(input: unknown): ParsedQuantity {
  return read(DURATION, input);
}

export function parseBytes(input: unknown): ParsedQuantity {
  return read(BYTES, input);
}

export function parseBytesPerSec(input: unknown): ParsedQuantity {
  return read(BYTES_PER_SEC, input);
}

export function parseRatio(input: unknown): ParsedQuantity {
  return read(RATIO, input);
}

/** `max` is `Infinity`. */
export function parseRate(input: unknown): ParsedQuantity {
  return input === 'max' ? { ok: true, value: Number.POSITIVE_INFINITY } : read(RATE, input);
}

/** Three digits and the unit that fits: `850us`, `1.25s`, `2.5m`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0ms';
  return (
    within(ms, 0.001, 1000, 'us') ??
    within(ms, 1, 1000, 'ms') ??
    within(ms, 1000, 120, 's') ??
    within(ms, 60_000, 120, 'm') ??
    last(ms, 3_600_000, 'h')
  );
}

export function formatBytes(bytes: number): string {
  const kib = 1024;
  return (
    within(bytes, 1, kib, 'B') ??
    within(bytes, kib, kib, 'KiB') ??
    within(bytes, kib ** 2, kib, 'MiB') ??
    last(bytes, kib ** 3, 'GiB')
  );
}

/** Whole numbers from 100: `5123/s`, `0.25/s`; `max` for an infinite rate. */
export function formatRate(perSec: number): string {
  return perSec === Number.POSITIVE_INFINITY ? 'max' : `${digits(perSec)}/s`;
}

export function formatRatio(ratio: number): string {
  return `${digits(ratio * 100)}%`;
}

interface Quantity {
  /** With its article, as used in messages. */
  readonly noun: string;
  /** The value of one unit in plain numbers. */
  readonly units: Readonly<Record<string, number>>;
  readonly unitExample: string;
  readonly max: number;
  readonly maxText: string;
  /** Words accepted in place of a number with a unit. */
  readonly words: readonly string[];
}

const DURATION: Quantity = {
  noun: 'a duration',
  units: { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 },
  unitExample: 'ms',
  max: 24 * 3_600_000,
  maxText: '24h',
  words: [],
};

const BYTE_UNITS = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, kB: 1000, KB: 1000, MB: 1e6, GB: 1e9 };

const BYTES: Quantity = {
  noun: 'a size',
  units: BYTE_UNITS,
  unitExample: 'KiB',
  max: 64 * 1024 ** 3,
  maxText: '64GiB',
  words: [],
};

const BYTES_PER_SEC: Quantity = {
  noun: 'a speed',
  units: Object.fromEntries(Object.entries(BYTE_UNITS).map(([unit, scale]) => [`${unit}/s`, scale])),
  unitExample: 'KiB/s',
  max: 64 * 1024 ** 3,
  maxText: '64GiB/s',
  words: [],
};

const RATIO: Quantity = {
  noun: 'a share',
  units: { '%': 0.01 },
  unitExample: '%',
  max: 1,
  maxText: '100%',
  words: [],
};

const RATE: Quantity = {
  noun: 'a rate',
  units: { '/s': 1, '/m': 1 / 60 },
  unitExample: '/s',
  max: 1e6,
  maxText: '1000000/s',
  words: ['max'],
};

function read(quantity: Quantity, input: unknown): ParsedQuantity {
  if (input === 0 || input === '0') return { ok: true, value: 0 };
  const match = typeof input === 'string' ? /^(\d{1,15}(?:\.\d{1,9})?) ?(\D{1,20})$/.exec(input) : null;
  const scale = match?.[2] === undefined ? undefined : unitScale(quantity, match[2]);
  if (match?.[1] === undefined || scale === undefined)
    return { ok: false, problem: explain(quantity, input) };
  const value = Number((Number(match[1]) * scale).toPrecision(15));
  if (value <= quantity.max) return { ok: true, value };
  return {
    ok: false,
    problem: `Cannot read ${quote(input)}: ${quantity.noun} is at most ${quantity.maxText}`,
  };
}

function unitScale(quantity: Quantity, unit: string): number | undefined {
  return Object.hasOwn(quantity.units, unit) ? quantity.units[unit] : undefined;
}

/** Why the input is not a quantity, with an example. */
function explain(quantity: Quantity, input: unknown): string {
  const { noun, units, unitExample } = quantity;
  const text = typeof input === 'number' || typeof input === 'string' ? String(input).trim() : '';
  if (/^\d+(\.\d+)?$/.test(text)) {
    return `Cannot read ${quote(input)}: ${noun} needs a unit, for example ${text}${unitExample}`;
  }
  const unit = /^\d+(?:\.\d+)?\s*(\D{1,20})$/.exec(text)?.[1]?.trim();
  if (unit !== undefined && unitScale(quantity, unit) === undefined) {
    return `Cannot read ${quote(input)}: "${unit}" is no unit of ${noun}, ${Object.keys(units).join(', ')} are`;
  }
  const words = quantity.words.map((word) => ` or ${word}`).join('');
  return `Cannot read ${quote(input)}: ${noun} is wanted, for example 10${unitExample}${words}`;
}

/** The text in this unit, or nothing when the value is `below` or more. */
function within(value: number, scale: number, below: number, unit: string): string | undefined {
  const text = digits(value / scale);
  return Number(text) < below ? `${text}${unit}` : undefined;
}

function last(value: number, scale: number, unit: string): string {
  return `${digits(value / scale)}${unit}`;
}

/** Three significant digits, but all digits of the whole number. */
function digits(value: number): string {
  return String(Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)));
}

/** In a scenario file: text with a unit, or a plain 0. */
function schemaOf(quantity: Quantity, parse: (input: unknown) => ParsedQuantity) {
  const error = (issue: { readonly input?: unknown }): string => explain(quantity, issue.input);
  const units = Object.keys(quantity.units).join('|');
  const words = quantity.words.map((word) => `|${word}`).join('');
  const pattern = new RegExp(`^(0|\\d{1,15}(\\.\\d{1,9})? ?(${units})${words})$`);
  const schema = z
    .union([z.string({ error }).regex(pattern, { error }), z.literal(0, { error })], { error })
    .transform((text, context) => {
      const reading = parse(text);
      if (reading.ok) return reading.value;
      context.issues.push({ code: 'custom', message: reading.problem, input: text });
      return z.NEVER;
    });
  return schema.register(quantities, { write: (value) => writeQuantity(quantity, value) });
}

/** Writes the quantities of a schema as texts that read back to the same values. */
export const quantities = z.registry<{ readonly write: (value: number) => string }>();

/** The shortest text that reads back as the value, if possible a whole number; else the nearest. */
function writeQuantity(quantity: Quantity, value: number): string {
  if (value === Number.POSITIVE_INFINITY) return 'max';
  const texts = Object.entries(quantity.units).map(
    ([unit, scale]) => `${(value / scale).toFixed(DECIMALS_MAX).replace(/\.?0+$/, '')}${unit}`,
  );
  const exact = texts.filter((text) => {
    const reading = read(quantity, text);
    return reading.ok && reading.value === value;
  });
  const whole = exact.filter((text) => !text.includes('.'));
  const choices = whole.length > 0 ? whole : exact;
  // The first unit is the smallest, so it loses the fewest digits.
  return choices.reduce((a, b) => (b.length < a.length ? b : a), choices[0] ?? texts[0] ?? '');
}

const DECIMALS_MAX = 9;

type QuantitySchema = ReturnType<typeof schemaOf>;

interface QuantityPiece {
  (): QuantitySchema;
  /** @param initial - the default, as written in a file, or its value */
  (initial: string | number): z.ZodPrefault<QuantitySchema>;
}

function piece(quantity: Quantity, parse: (input: unknown) => ParsedQuantity): QuantityPiece {
  function make(): QuantitySchema;
  function make(initial: string | number): z.ZodPrefault<QuantitySchema>;
  function make(initial?: string | number): QuantitySchema | z.ZodPrefault<QuantitySchema> {
    const schema = schemaOf(quantity, parse);
    if (initial === undefined) return schema;
    return schema.prefault(typeof initial === 'string' ? initial : writeQuantity(quantity, initial));
  }
  return make;
}

export const durationMs = piece(DURATION, parseDuration);
export const bytes = piece(BYTES, parseBytes);
export const bytesPerSec = piece(BYTES_PER_SEC, parseBytesPerSec);
export const ratio = piece(RATIO, parseRatio);
export const ratePerSec = piece(RATE, parseRate);

/** The pattern of texts for a quantity of a fault's parameter. */
export function quantityPattern(kind: 'duration' | 'bytes' | 'bytes-per-second' | 'ratio'): string {
  const quantity = { duration: DURATION, bytes: BYTES, 'bytes-per-second': BYTES_PER_SEC, ratio: RATIO }[
    kind
  ];
  return `^(0|\\d{1,15}(\\.\\d{1,9})? ?(${Object.keys(quantity.units).join('|')}))$`;
}
