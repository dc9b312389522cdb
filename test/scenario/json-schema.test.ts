import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { FAULTS } from '../../src/faults/registry.ts';
import { type JsonSchema, scenarioJsonSchema } from '../../src/scenario/json-schema.ts';

const SCHEMA = scenarioJsonSchema();

/** The part of JSON Schema that ours uses; an unknown keyword is an error, so that nothing goes unchecked. */
function errors(value: unknown, schema: JsonSchema, at = '$'): readonly string[] {
  return Object.entries(schema).flatMap(([keyword, rule]) => {
    const check = KEYWORDS[keyword];
    return check === undefined
      ? [`${at}: unknown keyword ${keyword}`]
      : check(value, rule as never, at, schema);
  });
}

type Check = (value: unknown, rule: never, at: string, schema: JsonSchema) => readonly string[];
const NOTHING: Check = () => [];

function check<T>(holds: (value: never, rule: T) => boolean, name: string): Check {
  return (value, rule, at) =>
    holds(value as never, rule as T) ? [] : [`${at}: ${name} ${JSON.stringify(rule)}`];
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const KEYWORDS: Record<string, Check> = {
  $schema: NOTHING,
  $defs: NOTHING,
  title: NOTHING,
  description: NOTHING,
  default: NOTHING,
  type: check<string>((value: unknown, type) => {
    if (type === 'object') return isMap(value);
    if (type === 'array') return Array.isArray(value);
    return type === 'integer' ? Number.isInteger(value) : typeof value === type;
  }, 'type'),
  const: check<unknown>((value: unknown, wanted) => value === wanted, 'const'),
  enum: check<unknown[]>((value: unknown, wanted) => wanted.includes(value), 'enum'),
  pattern: check<string>(
    (value: unknown, pattern) => typeof value !== 'string' || new RegExp(pattern).test(value),
    'pattern',
  ),
  minimum: check<number>((value: number, bound) => !(value < bound), 'minimum'),
  maximum: check<number>((value: number, bound) => !(value > bound), 'maximum'),
  minLength: check<number>((value: string, bound) => value.length >= bound, 'minLength'),
  maxLength: check<number>((value: string, bound) => value.length <= bound, 'maxLength'),
  minItems: check<number>(
    (value: unknown, bound) => !Array.isArray(value) || value.length >= bound,
    'minItems',
  ),
  maxItems: check<number>(
    (value: unknown, bound) => !Array.isArray(value) || value.length <= bound,
    'maxItems',
  ),
  required: check<string[]>(
    (value: unknown, keys) => !isMap(value) || keys.every((key) => key in value),
    'required',
  ),
  items: (value, rule, at) =>
    Array.isArray(value) ? value.flatMap((item, index) => errors(item, rule, `${at}.${index}`)) : [],
  anyOf: (value, rule: readonly JsonSchema[], at) =>
    rule.some((one) => errors(value, one).length === 0) ? [] : [`${at}: anyOf`],
  oneOf: (value, rule: readonly JsonSchema[], at) =>
    rule.filter((one) => errors(value, one).length === 0).length === 1 ? [] : [`${at}: oneOf`],
  $ref: (value, rule: string, at) =>
    errors(
      value,
      (SCHEMA.$defs as Record<string, JsonSchema>)[rule.replace('#/$defs/', '')] ?? { missing: rule },
      at,
    ),
  properties: (value, rule: Record<string, JsonSchema>, at) =>
    isMap(value)
      ? Object.entries(rule).flatMap(([key, one]) =>
          key in value ? errors(value[key], one, `${at}.${key}`) : [],
        )
      : [],
  additionalProperties: (value, _, at, schema) =>
    isMap(value)
      ? Object.keys(value)
          .filter((key) => !(key in (schema.properties as object)))
          .map((key) => `${at}: unknown key ${key}`)
      : [],
};

const SAMPLE = `
name: half-open-during-broadcast
server: { delivery: at-least-once, outbox: { ackTimeout: 500ms, maxResend: 5 }, resumeTtl: 0, buffer: { warn: 512KiB } }
clients:
  - { profile: slow, count: 100, rooms: [ticks], read: 16KiB/s, ack: { mode: cumulative }, handler: { time: 5ms, failure: 1% } }
publish:
  - { room: ticks, rate: 50/s, size: 256B, arrival: constant }
  - { rate: max }
faults:
  - { at: 3s, for: 4s, clients: { profile: slow, share: 10% }, do: half-open }
  - { do: close, code: 4000, at: 5s, clients: { ids: [1, 2] } }
  - { do: slow-reader, rate: 1KiB/s }
  - { during: load, do: lose-acks, probability: 5% }
  - { do: server-restart, down: 0, at: 1s }
expect: { guarantee: at-least-once, allowReported: [overflow], assert: [delivery.lost.silent == 0] }
`;

describe('the JSON Schema of scenarios', () => {
  it('accepts a scenario with something of everything', () => {
    expect(errors(parse(SAMPLE), SCHEMA)).toEqual([]);
  });

  it('accepts every bundled scenario', () => {
    const folder = new URL('../../scenarios/', import.meta.url);
    const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      expect([file, ...errors(parse(readFileSync(new URL(file, folder), 'utf8')), SCHEMA)]).toEqual([file]);
    }
  });

  it.each([
    ['unknown key', { sever: {} }],
    ['missing unit', { duration: { load: 10 } }],
    ['wrong unit', { publish: [{ rate: '5ms' }] }],
    ['unknown choice', { server: { delivery: 'always' } }],
    ['unknown fault', { faults: [{ do: 'half-opn' }] }],
    ['parameter of another fault', { faults: [{ do: 'half-open', rate: '1KiB/s' }] }],
    ['span of an instant', { faults: [{ do: 'reset', for: '1s' }] }],
    ['probability beside acks', { faults: [{ do: 'reset', probability: '1%' }] }],
    ['clients of the server', { faults: [{ do: 'server-restart', clients: {} }] }],
    ['fault without a name', { faults: [{ at: '1s' }] }],
  ])('refuses a scenario with: %s', (_, scenario) => {
    expect(errors(scenario, SCHEMA)).not.toEqual([]);
  });

  it('shows defaults as they would be written, with their units', () => {
    const properties = SCHEMA.properties as Record<string, { properties: Record<string, JsonSchema> }>;
    expect(properties.duration?.properties.load).toMatchObject({
      default: '10s',
      description: expect.stringContaining('measured'),
      anyOf: [{ type: 'string', pattern: expect.stringContaining('ms') }, { const: 0 }],
    });
    expect(properties.clients).toMatchObject({ default: [{}] });
  });

  it('describes every fault with its parameters', () => {
    const { items } =
      (
        SCHEMA.properties as Record<
          string,
          { items: { oneOf: readonly { title: string; properties: object }[] } }
        >
      ).faults ?? {};
    expect(items?.oneOf.map(({ title }) => title)).toEqual([...FAULTS.keys()]);
    expect(items?.oneOf.find(({ title }) => title === 'slow-reader')?.properties).toMatchObject({
      rate: { default: '16KiB/s' },
    });
  });
});
