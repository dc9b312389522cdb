import { z } from 'zod';
import { ANOMALY_KINDS } from '../delivery/anomaly.ts';
import { DELIVERY_LEVELS } from '../delivery/level.ts';
import { LOSS_REASONS } from '../delivery/loss-reason.ts';
import { found } from './found-schema.ts';
import { bytes, bytesPerSec, durationMs, ratePerSec, ratio } from './quantity.ts';
import { serverSchema } from './server-schema.ts';
import { services } from './services-schema.ts';
import { targetSchema } from './target/target-schema.ts';

/**
 * The scenario file as one schema: the source of the types, the defaults, the checks and the JSON Schema.
 *
 * Quantities are written with units in the file and become plain numbers here: durations in ms, sizes in bytes,
 * shares in 0..1, rates per second.
 */

/** Clients that one machine can simulate, over all profiles. */
export const CLIENTS_MAX = 200_000;

const name = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'a name has lower-case letters, digits and hyphens');

const upstream = z.strictObject({
  rate: ratePerSec('1/s').describe('Messages per second of each client.'),
  size: bytes('128B').describe('Length of the body of each message.'),
  type: z.string().min(1).max(200).default('note').describe('The type of the message.'),
  room: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('The room to which the server publishes each message; absent: the application receives it.'),
  arrival: z
    .enum(['constant', 'poisson'])
    .default('constant')
    .describe('How the send instants are distributed.'),
});

const span = z.strictObject({
  from: durationMs('0ms').describe('From the start of load.'),
  to: durationMs().describe('From the start of load.'),
});

const profile = z.strictObject({
  profile: name
    .default('healthy')
    .describe('Name of this group of clients; selectors and the report use it.'),
  count: z.int().min(1).max(CLIENTS_MAX).default(100).describe('How many clients of this profile.'),
  rooms: z
    .array(z.string().min(1).max(200))
    .max(1000)
    .default([])
    .describe('Rooms to join; every client is in the room "*".'),
  join: span
    .optional()
    .describe('The clients connect during load, evenly over this span; absent: over the ramp-up.'),
  leave: span
    .optional()
    .describe('The clients leave for good during load, evenly over this span; absent: they stay.'),
  ack: z
    .strictObject({
      mode: z
        .enum(['each', 'cumulative'])
        .default('each')
        .describe('One ack per message, or one for all up to a seq.'),
      every: z.int().min(1).max(100_000).default(32).describe('cumulative: ack after this many messages.'),
      delay: durationMs('50ms').describe('cumulative: ack after this time at the latest.'),
    })
    .prefault({}),
  dedupWindow: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(4096)
    .describe('Messages above a hole that an effectively-once client holds.'),
  reconnect: z
    .strictObject({
      min: durationMs('50ms').describe('First wait before a reconnect.'),
      max: durationMs('2s').describe('Longest wait before a reconnect.'),
      jitter: z
        .enum(['none', 'full'])
        .default('full')
        .describe('full: a random wait between 0 and the backoff.'),
    })
    .prefault({}),
  read: bytesPerSec()
    .optional()
    .describe('How fast the client reads from its socket; absent: without a limit.'),
  handler: z
    .strictObject({
      time: durationMs('0ms').describe('How long the handler takes for a message; it handles one at a time.'),
      failure: ratio('0%').describe('Share of handler calls that fail.'),
      nack: z.boolean().default(true).describe('A failed handler sends a nack; false: it stays silent.'),
      nackRetry: z
        .boolean()
        .default(true)
        .describe('A nack asks for another attempt; false: the message becomes a dead letter at once.'),
      poison: z
        .int()
        .min(1)
        .max(1_000_000)
        .optional()
        .describe('Every nth message of each stream fails at every attempt; absent: none.'),
    })
    .prefault({}),
  batch: z.boolean().default(false).describe('Offer batch frames (many messages in one write).'),
  upstream: upstream.optional().describe('Messages that each client sends during load; absent: none.'),
});

const httpPublish = z.strictObject({
  method: z
    .string()
    .regex(/^[A-Z]+$/, 'a method has upper-case letters')
    .default('POST'),
  url: z.string().describe('Address, a template.'),
  headers: z.record(z.string(), z.string()).default({}).describe('Headers, templates.'),
  body: z
    .unknown()
    .default('{{ json(payload) }}')
    .describe('A text as it is, anything else as JSON; texts are templates.'),
  accept: z
    .array(z.int().min(100).max(599))
    .min(1)
    .default([200, 201, 202])
    .describe('Status codes of a message that was accepted; with any other it was rejected.'),
  timeout: durationMs('10s').describe('Longest wait for the answer.'),
});

const redisPublish = z.strictObject({
  url: z.string().describe('redis:// or rediss:// address, a template.'),
  channel: z.string().default('{{ room }}').describe('Channel, a template.'),
  message: z.string().default('{{ json(payload) }}').describe('Message, a template.'),
});

const publish = z.strictObject({
  room: z.string().min(1).max(200).default('*').describe('Room to publish to; "*" is every client.'),
  type: z.string().min(1).max(200).default('tick').describe('The type of the envelope.'),
  rate: ratePerSec('10/s').describe('Broadcasts per second, or max: as fast as deliveries complete.'),
  size: bytes('256B').describe('Length of the body of each message.'),
  arrival: z
    .enum(['constant', 'poisson', 'burst'])
    .default('constant')
    .describe('How the send instants are distributed.'),
  burst: z.int().min(1).max(100_000).default(10).describe('arrival burst: messages that leave together.'),
  through: z
    .enum(['client', 'members', 'http', 'redis'])
    .default('client')
    .describe(
      'With a target. client: a publisher of its own, a client of the same driver. members: the clients of the ' +
        'room take turns. http: one request a message. redis: PUBLISH to a fan-out that listens there.',
    ),
  http: httpPublish.optional().describe('through http: the request.'),
  redis: redisPublish.optional().describe('through redis: where to.'),
  via: z
    .enum(['direct', 'queue', 'rooms'])
    .default('direct')
    .describe(
      'direct: one broadcast. queue: reliable, retried for recipients it did not reach. ' +
        'rooms: one broadcast to several rooms, with all other streams via rooms that are due at the same instant.',
    ),
});

const selector = z.strictObject({
  profile: name.optional().describe('Only clients of this profile.'),
  room: z.string().optional().describe('Only clients that join this room.'),
  share: ratio().optional().describe('A random share of those.'),
  count: z.int().min(1).optional().describe('This many of those, chosen at random.'),
  ids: z.array(z.int().min(0)).min(1).optional().describe('Exactly these clients, by number from 0.'),
});

/** Each fault has further parameters, declared in the fault registry; fault-entry.ts reads them. */
export const faultSchema = z.looseObject({
  do: z.string().describe('Name of the fault.'),
  at: durationMs().optional().describe('When it begins, from the start of load.'),
  every: durationMs().optional().describe('Again each time that this has passed; absent: once.'),
  until: durationMs()
    .optional()
    .describe('every: from here on no more, from the start of load; absent: to the end of load.'),
  during: z.enum(['load']).optional().describe('From the start of load to its end.'),
  for: durationMs().optional().describe('How long it lasts; absent: to the end of load.'),
  clients: selector.optional().describe('Selected clients; absent: all.'),
  probability: ratio().optional().describe('Ack faults: probability for each ack.'),
  nth: z.int().min(1).optional().describe('Ack faults: every nth ack.'),
  service: z.string().optional().describe('Service faults: a service, or one instance of it such as app-1.'),
});

const expectation = z.strictObject({
  guarantee: z
    .enum(DELIVERY_LEVELS)
    .optional()
    .describe(
      'The level to judge by; absent: that of the server. With a target: `server.delivery` where given, else that of the driver.',
    ),
  allowReported: z
    .array(z.enum(LOSS_REASONS))
    .default([])
    .describe('Reasons for which reported loss is not a failure.'),
  lateAfter: durationMs()
    .optional()
    .describe('Messages handled later than this after their intended instant count as late.'),
  assert: z
    .array(z.string())
    .max(1000)
    .default([])
    .describe('<metric>[{key:value}][.<aggregate>] <op> <quantity>'),
  defect: z
    .strictObject({
      of: z.string().min(1).describe('The software and the version in which it was seen.'),
      seen: z.string().min(1).describe('The day on which it was seen last.'),
      breaks: z
        .array(z.enum(ANOMALY_KINDS))
        .default([])
        .describe('Violations that it causes: they do not fail the run, and each of them has to occur.'),
      shows: z.array(z.string()).max(100).default([]).describe('Assertions that hold if it is there.'),
    })
    .refine(({ breaks, shows }) => breaks.length + shows.length > 0, {
      error: 'Cannot tell whether the defect shows: one of breaks and shows is wanted',
    })
    .optional()
    .describe('A known defect of the server: the run passes if the defect shows.'),
});

export const scenarioSchema = z.strictObject({
  name: name.default('unnamed').describe('Name of the scenario.'),
  description: z.string().default('').describe('The claim that the scenario tests, as a sentence.'),
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(1).describe('Seed of all random draws.'),
  target: targetSchema
    .optional()
    .describe('A server elsewhere, by its address or by a map; absent: the reference broadcaster.'),
  services,
  adapt: z
    .boolean()
    .default(false)
    .describe(
      '`bench` uses fewer clients if the machine is too slow for all; the result contains the number.',
    ),
  server: serverSchema
    .prefault({})
    .describe('The reference broadcaster; with a target, the known settings of that server.'),
  clients: z.array(profile).min(1).max(100).prefault([{}]).describe('Groups of simulated clients.'),
  publish: z.array(publish).min(1).max(64).prefault([{}]).describe('Publish streams, one per entry.'),
  duration: z
    .strictObject({
      rampUp: durationMs('2s').describe('Time over which the clients connect.'),
      warmUp: durationMs('1s').describe('Publishing that is not measured yet.'),
      load: durationMs('10s').describe('Publishing that is measured; faults happen here.'),
      settle: durationMs('20s').describe('Longest time for the drain.'),
    })
    .prefault({}),
  faults: z.array(faultSchema).max(1000).default([]).describe('Faults: which, when and for which clients.'),
  expect: expectation.prefault({}).describe('What must hold.'),
  found: found.describe('The failure that simulation found with this file, for `wsdeliver replay`.'),
});

export type Scenario = z.output<typeof scenarioSchema>;
export type { ServerSettings } from './server-schema.ts';
export type ClientProfile = Scenario['clients'][number];
export type UpstreamEntry = NonNullable<ClientProfile['upstream']>;
export type PublishStream = Scenario['publish'][number];
export type FaultEntry = Scenario['faults'][number];
export type FoundFailure = NonNullable<Scenario['found']>;
export type ClientSelector = NonNullable<FaultEntry['clients']>;
