import { scenarioJsonSchema } from '../../src/scenario/json-schema.ts';
import { quantityPattern } from '../../src/scenario/quantity.ts';
import { code, table } from './markdown.ts';

/** Tables of every key of a scenario file, out of its JSON Schema: what a user can write is what is described. */

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly anyOf?: readonly Node[];
  readonly items?: Node;
  readonly properties?: Readonly<Record<string, Node>>;
  /** Of a map whose keys the user chooses. */
  readonly additionalProperties?: Node;
  readonly $defs?: Readonly<Record<string, Node>>;
}

const QUANTITIES = [
  ['duration', 'duration'],
  ['bytes', 'size'],
  ['bytes-per-second', 'speed'],
  ['ratio', 'share'],
] as const;

/** The table of one part of the file. */
export function keyTable(part: string): string {
  const found = parts().get(part);
  if (found === undefined)
    throw new Error(`Cannot describe "${part}": ${[...parts().keys()].join(', ')} are there`);
  return table(['Key', 'Kind', 'Default', 'Meaning'], rowsOf(found));
}

export function partNames(): string[] {
  return [...parts().keys()];
}

function parts(): ReadonlyMap<string, Readonly<Record<string, Node>>> {
  const { properties: root = {}, $defs: shared = {} } = scenarioJsonSchema() as Node;
  const { target, services, server, clients, publish, duration, faults, expect, found, ...plain } = root;
  const fault = Object.fromEntries(
    Object.entries(shared).map(([key, node]) => [key.replace('fault-', ''), node]),
  );
  const { clients: selector, ...common } = fault;
  return new Map([
    [
      'scenario',
      { ...plain, ...maps({ target, services, server, clients, publish, duration, faults, expect, found }) },
    ],
    ['target', target?.anyOf?.find(({ type }) => type === 'object')?.properties ?? {}],
    ['services', services?.additionalProperties?.properties ?? {}],
    ['server', server?.properties ?? {}],
    ['clients', clients?.items?.properties ?? {}],
    ['publish', publish?.items?.properties ?? {}],
    ['duration', duration?.properties ?? {}],
    ['faults', { ...common, ...maps({ clients: selector }) }],
    ['selector', selector?.properties ?? {}],
    ['expect', expect?.properties ?? {}],
    ['found', found?.properties ?? {}],
  ]);
}

/** Named here, described in a part of their own. */
function maps(nodes: Readonly<Record<string, Node | undefined>>): Record<string, Node> {
  return Object.fromEntries(
    Object.entries(nodes).map(([key, node]) => {
      const { description = '', type = 'object', anyOf } = node ?? {};
      const kind = type === 'array' ? 'list of maps' : 'map';
      return [key, { type: anyOf === undefined ? kind : 'text or map', description }];
    }),
  );
}

function rowsOf(nodes: Readonly<Record<string, Node>>, prefix = ''): string[][] {
  return Object.entries(nodes).flatMap(([key, node]) => {
    const properties = node.properties ?? node.anyOf?.find((one) => one.properties)?.properties;
    const own = [
      code(`${prefix}${key}`),
      node.properties === undefined ? kindOf(node) : 'map',
      defaultOf(node),
    ];
    const row = [...own, node.description ?? ''];
    if (properties === undefined) return [row];
    if (node.properties === undefined) return [row, ...rowsOf(properties, `${prefix}${key}.`)];
    const inner = rowsOf(properties, `${prefix}${key}.`);
    // A map with a default is always there; another one makes a difference by being there.
    return node.default === undefined ? [row, ...inner] : inner;
  });
}

function kindOf(node: Node): string {
  if (node.enum !== undefined) return node.enum.map(code).join(', ');
  if (node.anyOf?.every((one) => one.const !== undefined))
    return node.anyOf.map((one) => code(String(one.const))).join(', ');
  if (node.anyOf?.some(({ type }) => type === 'array')) return 'text or list';
  if (node.anyOf?.some(({ properties }) => properties !== undefined))
    return [
      ...node.anyOf.flatMap((one) =>
        [one.const, ...(one.enum ?? [])].flatMap((word) => (word === undefined ? [] : code(String(word)))),
      ),
      'map',
    ].join(', ');
  const nested = node.anyOf?.find(({ anyOf }) => anyOf !== undefined);
  if (nested !== undefined) return `${kindOf(nested)} or template`;
  if (node.anyOf !== undefined)
    return quantityOf(node.anyOf.find(({ pattern }) => pattern !== undefined)?.pattern ?? '');
  switch (node.type) {
    case 'integer':
      return integerOf(node);
    case 'boolean':
      return `${code('true')}, ${code('false')}`;
    case 'array':
      return `list: ${kindOf(node.items ?? {})}`;
    case 'string':
      return node.pattern === undefined ? 'text' : 'name';
    case 'object':
      return 'map';
    default:
      return node.type ?? 'anything';
  }
}

/** A regular expression gives its source with slashes escaped. */
function quantityOf(source: string): string {
  const pattern = source.replaceAll('\\/', '/');
  const known = QUANTITIES.find(([kind]) => quantityPattern(kind) === pattern)?.[1];
  if (known !== undefined) return known;
  if (pattern.includes('|max')) return `rate or ${code('max')}`;
  throw new Error(`Cannot describe "${pattern}": it is the pattern of no known quantity`);
}

function integerOf({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: Node): string {
  return maximum === Number.MAX_SAFE_INTEGER ? `whole number from ${minimum}` : `${minimum} to ${maximum}`;
}

function defaultOf({ default: value }: Node): string {
  if (typeof value === 'object' && !Array.isArray(value)) return 'empty';
  if (value === undefined) return '';
  if (Array.isArray(value)) return code(JSON.stringify(value));
  return value === '' ? 'empty' : code(String(value));
}
