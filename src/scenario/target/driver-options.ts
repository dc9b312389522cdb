import { z } from 'zod';
import { jsonSchema } from './json-schema.ts';
import { mqttSchema } from './mqtt-schema.ts';
import { socketIoSchema } from './socket-io-schema.ts';

/**
 * The drivers that a scenario can name, each with the schema of its options, which stand under the name of the driver
 * in `target`. A driver that can do without options has a schema that takes an empty map.
 */
export const DRIVER_OPTIONS: Readonly<Record<string, z.ZodType>> = {
  json: jsonSchema.describe("A protocol of one's own, described: docs/my-own-protocol.md."),
  mqtt: mqttSchema.describe('Options of the driver mqtt.'),
  'socket.io': socketIoSchema.describe('Options of the driver socket.io.'),
  wsdeliver: z.strictObject({}).describe('The driver wsdeliver has no options.'),
};

export const DEFAULT_DRIVER_NAME = 'wsdeliver';

/** A driver of the user's own is a file: its path stands in the place of a name. */
export function isDriverFile(name: string): boolean {
  return /^\.{0,2}\//.test(name) || /\.m?js$/.test(name);
}
