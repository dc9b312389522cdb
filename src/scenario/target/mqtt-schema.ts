import { z } from 'zod';
import { durationMs } from '../quantity.ts';

const qos = z.union([z.literal(0), z.literal(1), z.literal(2)]);

/** What a scenario says under `target.mqtt`. */
export const mqttSchema = z.strictObject({
  version: z
    .union([z.literal(5), z.literal(4), z.literal('3.1.1')])
    .default(5)
    .describe('Of the protocol: 5, or 3.1.1, which is 4 on the wire.'),
  qos: qos.default(1).describe('Of subscriptions and of what clients publish.'),
  cleanStart: z
    .boolean()
    .default(false)
    .describe('Each connection begins without a session; false: the broker keeps one for who is away.'),
  sessionExpiry: durationMs('60s').describe('MQTT 5: how long the broker keeps a session.'),
  receiveMaximum: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe('MQTT 5: deliveries that wait for their ack at once; absent: as many as there are ids.'),
  keepAlive: durationMs('30s').describe('Longest silence of a client before it pings; 0s: it never does.'),
  topic: z.string().min(1).default('{{ room }}').describe('Topic of a room, to subscribe and to publish to.'),
  retain: z.boolean().default(false).describe('The broker keeps the last message of each topic.'),
  clientId: z.string().default('{{ client.id }}').describe('Unique at the broker.'),
  username: z.string().optional(),
  password: z.string().optional(),
});
