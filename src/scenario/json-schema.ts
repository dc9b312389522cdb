import { z } from 'zod';
import type { Fault, FaultParameter } from '../faults/fault.ts';
import { FAULTS } from '../faults/registry.ts';
import { quantityPattern } from './quantity.ts';
import { faultSchema, scenarioSchema } from './schema.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** JSON Schema 2020-12 of the scenario file as it is written, for editors; each fault with its own parameters. */
export function scenarioJsonSchema(): JsonSchema {
  const { properties, ...schema } = z.toJSONSchema(scenarioSchema, { io: 'input' });
  const common = z.toJSONSchema(faultSchema, { io: 'input' }).properties ?? {};
  const { faults, target } = properties ?? {};
  return {
    ...schema,
    title: 'wsdeliver scenario',
    description:
      'One claim about the delivery of a WebSocket server: the clients, the publishes, the faults, and the assertions that must hold.',
    properties: {
      ...properties,
      target: withShortForms(target),
      faults: {
        ...(typeof faults === 'object' ? faults : {}),
        items: { oneOf: [...FAULTS.values()].map((fault) => faultItem(fault, Object.keys(common))) },
      },
    },
    $defs: Object.fromEntries(
      Object.entries(common).map(([key, definition]) => [`fault-${key}`, definition]),
    ),
  };
}

/** An address alone, or a map with one address or several. */
function withShortForms(target: unknown): JsonSchema {
  const { description, properties, ...map } = target as { description?: string; properties: JsonSchema };
  const { description: meaning, ...list } = properties.url as JsonSchema;
  const url = { anyOf: [{ type: 'string' }, list], description: meaning };
  return { anyOf: [{ type: 'string' }, { ...map, properties: { ...properties, url } }], description };
}

function faultItem(fault: Fault, common: readonly string[]): JsonSchema {
  const shared = common.filter((key) => key !== 'do' && !unusedKeys(fault).includes(key));
  return {
    title: fault.name,
    description: fault.summary,
    type: 'object',
    properties: {
      do: { const: fault.name, description: fault.summary },
      ...Object.fromEntries(shared.map((key) => [key, { $ref: `#/$defs/fault-${key}` }])),
      ...Object.fromEntries(
        Object.entries(fault.parameters).map(([key, parameter]) => [key, parameterSchema(parameter)]),
      ),
    },
    required: fault.kind === 'service' ? ['do', 'service'] : ['do'],
    additionalProperties: false,
  };
}

/** Settings that other faults have and this one does not. */
function unusedKeys(fault: Fault): readonly string[] {
  switch (fault.kind) {
    case 'instant':
      return ['service', 'during', 'for', 'probability', 'nth'];
    case 'server':
      return ['service', 'during', 'for', 'clients', 'probability', 'nth'];
    case 'service':
      return ['clients', 'probability', 'nth', ...(fault.end === undefined ? ['during', 'for'] : [])];
    case 'lasting':
      return ['service', 'probability', 'nth', ...(fault.healed === false ? ['for'] : [])];
    case 'acks':
      return ['service'];
  }
}

function parameterSchema({ kind, description, ...parameter }: FaultParameter): JsonSchema {
  if (kind === 'count' || kind === 'close-code') {
    const [minimum, maximum] = [Number(parameter.min), Number(parameter.max)];
    return { type: 'integer', minimum, maximum, default: Number(parameter.default), description };
  }
  const text = { type: 'string', pattern: quantityPattern(kind) };
  return { anyOf: [text, { const: 0 }], default: parameter.default, description };
}
