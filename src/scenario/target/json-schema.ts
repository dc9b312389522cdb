import { z } from 'zod';
import { LOSS_REASONS } from '../../delivery/loss-reason.ts';
import { durationMs, quantities } from '../quantity.ts';

const LIST_MAX = 1000;

/** A value of any kind, which has to be there. */
const anything = (message: string) =>
  z.unknown().refine((value) => value !== undefined && value !== null, { message });
const template = anything('Cannot send nothing: "send" is wanted, a text or any JSON').describe(
  'What is sent: a text as it is, everything else as JSON.',
);
const pattern = (what: string) =>
  anything('Cannot match nothing: a pattern is wanted, {} matches every frame').describe(what);
const path = z.string().min(1).max(1000);
const within = durationMs().optional().describe('Longest wait for the answer; absent: 10s.');

const save = z
  .record(
    z.string().regex(/^[A-Za-z_]\w*$/, 'a saved name has letters, digits and underscores, as in session'),
    path,
  )
  .optional()
  .describe('Names, and the paths in the frame to what they stand for.');

const seqPath = z
  .union([path, z.strictObject({ from: path, to: path }), z.strictObject({ previous: path, this: path })])
  .optional();

const reason = z.enum(LOSS_REASONS).optional();

const http = z.strictObject({
  method: z
    .string()
    .regex(/^[A-Z]{1,20}$/, 'a method is written in capitals, as in POST')
    .optional(),
  url: z.string().min(1).max(8192),
  headers: z.record(z.string().max(200), z.string().max(65_536)).optional(),
  body: z.unknown().optional(),
  accept: z.array(z.int().min(100).max(599)).min(1).max(100).optional(),
  save,
});

const steps = z
  .array(
    z.strictObject({
      send: template.optional(),
      expect: pattern('The frame to wait for.').optional(),
      refuse: pattern('The frame that says no.').optional(),
      save,
      seq: seqPath,
      within,
      http: http.optional(),
    }),
  )
  .max(LIST_MAX);

const subscribe = z.strictObject({
  send: template,
  confirm: pattern('The frame that confirms a room.').optional(),
  refuse: pattern('The frame that refuses a room.').optional(),
  save,
  within: within.describe(
    'Longest wait for the confirmation; without one, how long the server may take to subscribe. Absent: 10s or 5s.',
  ),
});

const KINDS = [
  'message',
  'gap',
  'resumed',
  'fresh',
  'replayed',
  'refused',
  'reconnect',
  'error',
  'ignored',
] as const;

const rule = z.strictObject({
  when: pattern('The frames that it is for.'),
  is: z.enum(KINDS),
  payload: path.optional(),
  seq: seqPath,
  room: path.optional(),
  id: path.optional(),
  redelivered: path.optional(),
  from: path.optional(),
  to: path.optional(),
  count: path.optional(),
  reason,
  url: path.optional(),
  reply: template.optional(),
  save,
});

const duration = durationMs();
const every = z
  .union([duration, z.string().regex(/\{\{/)])
  .register(quantities, { write: (value) => quantities.get(duration)?.write(value) ?? String(value) });

/** What a scenario says under `target.json`: a protocol, described. docs/my-own-protocol.md explains it. */
export const jsonSchema = z.strictObject({
  frames: z
    .enum(['json', 'lines', 'text'])
    .default('json')
    .describe('A frame holds JSON, several lines of JSON, or text.'),
  fields: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe('frames text: a regular expression; its named groups are the fields of a frame.'),
  unwrap: path.optional().describe('Path to the messages in a frame that holds several, as in data[*].'),
  url: z
    .string()
    .min(1)
    .max(8192)
    .optional()
    .describe('Address of each connection, where HTTP steps find it out; absent: that of the target.'),
  open: steps
    .optional()
    .describe('Steps on each new connection, in order: send, expect, refuse, save, seq, within, http.'),
  subscribe: subscribe
    .optional()
    .describe('How a client joins a room: send, confirm, refuse, save, within; absent: it is in its rooms.'),
  rules: z
    .array(rule)
    .min(1)
    .max(LIST_MAX)
    .optional()
    .describe('What frames are, the first that matches decides; absent: those with a stamp are messages.'),
  seq: z
    .strictObject({
      scope: z.enum(['connection', 'session', 'room']).default('session').describe('What is numbered.'),
      first: z.int().min(0).optional().describe('The first number; absent: the one that comes first.'),
      hole: z
        .union([z.enum(['told', 'nothing']), z.strictObject({ close: z.int().min(1000).max(4999) })])
        .default('told')
        .describe(
          'What a client makes of a hole: it knows of a loss, takes no notice, or closes with a code.',
        ),
      kind: z
        .enum(['count', 'range', 'chain'])
        .default('count')
        .describe('Numbers count by one, are ranges, or name the one before.'),
    })
    .optional()
    .describe('How the server numbers what it sends.'),
  ack: z.strictObject({ send: template }).optional().describe('How a client acks a message.'),
  cumulative: z
    .strictObject({ send: template })
    .optional()
    .describe('How a client acks everything up to a message.'),
  nack: z
    .strictObject({ send: template })
    .optional()
    .describe('How a client says that it failed to handle one.'),
  heartbeat: z
    .strictObject({
      send: template,
      every: every.describe('How often; or a template that is a number of ms.'),
      expect: pattern('The frame that answers.').optional(),
      within,
    })
    .optional()
    .describe('What a client sends again and again.'),
  silence: durationMs()
    .optional()
    .describe('A client that hears nothing for so long gives the connection up.'),
  resume: z
    .strictObject({
      url: z.string().min(1).max(8192).optional().describe('Address to come back to.'),
      open: steps.optional().describe('Steps in the place of open.'),
      subscribe: subscribe.optional().describe('How a client asks for each room again.'),
      success: pattern('The frame that says that the session goes on.').optional(),
      refused: pattern('The frame that says that the session is gone.').optional(),
      reason: reason.describe('Why what a refused session held is lost; absent: session-expired.'),
      after: z
        .enum(['subscribe', 'open', 'close'])
        .default('subscribe')
        .describe('Where a client goes on when its session is gone.'),
      close: z
        .record(
          z.string().regex(/^[1-4]\d{3}$/, 'a close code is a number from 1000 to 4999'),
          z.enum(['resume', 'fresh', 'fatal']),
        )
        .optional()
        .describe('What close codes mean for the session; others leave it as it is.'),
      within: within.describe('Longest wait for success; absent: 10s.'),
    })
    .optional()
    .describe('How a client that comes back asks for what it missed; absent: it can not.'),
  publish: z
    .strictObject({
      send: template,
      confirm: pattern('The frame that says that a message was taken in.').optional(),
      reject: pattern('The frame that says that it was not.').optional(),
      within: within.describe('Longest wait for the answer.'),
    })
    .optional()
    .describe('How a client publishes.'),
});

/** A description as a scenario has it, parsed. */
export type JsonDescription = z.output<typeof jsonSchema>;
