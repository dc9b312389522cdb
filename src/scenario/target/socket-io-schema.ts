import { z } from 'zod';
import { durationMs } from '../quantity.ts';

const ARGUMENTS_MAX = 100;

const send = z
  .array(z.unknown())
  .min(1)
  .max(ARGUMENTS_MAX)
  .refine(([event]) => typeof event === 'string' && event !== '', {
    message: 'an event begins with its name, as in [join, "{{ room }}"]',
  });

const confirm = z
  .array(z.unknown())
  .max(ARGUMENTS_MAX)
  .optional()
  .describe('Pattern for each argument of the ack; absent: none is asked for.');

/** What a scenario says under `target.socket.io`. */
export const socketIoSchema = z
  .strictObject({
    namespace: z
      .string()
      .max(1000)
      .regex(/^\/[^,\s]*$/, 'a namespace begins with a slash, as in /chat')
      .default('/')
      .describe('Namespace to connect.'),
    auth: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Auth payload of the namespace, made anew for each connection.'),
    recovery: z
      .boolean()
      .default(false)
      .describe(
        'The server has connection state recovery: a client that comes back to another session is told.',
      ),
    offsetFrom: z
      .enum(['official', 'strict'])
      .default('official')
      .describe(
        'What counts as an offset: any text at the end of an event, as for the official client, or what looks like one.',
      ),
    subscribe: z
      .strictObject({ send: send.describe('Event to emit for each room: its name and arguments.'), confirm })
      .optional()
      .describe('How a client joins a room; absent: the server knows by itself what it sends whom.'),
    publish: z
      .strictObject({
        send: send.describe('Event to emit for each message: its name and arguments.'),
        confirm,
        volatile: z
          .boolean()
          .default(false)
          .describe('Throw it away while there is no connection, and never send it again.'),
        binary: z.boolean().default(false).describe('The payload leaves as a binary attachment.'),
      })
      .refine(({ volatile, confirm: wanted }) => !volatile || wanted === undefined, {
        message: 'a volatile event is never confirmed, one of the two is wanted',
        path: ['confirm'],
      })
      .optional()
      .describe('How a client publishes.'),
    events: z
      .array(z.string().min(1).max(1000))
      .min(1)
      .max(1000)
      .optional()
      .describe('Events that are messages; absent: all that carry a stamp of the run.'),
    ack: z.boolean().default(false).describe('Answer events that ask for an ack, after they were handled.'),
    retries: z
      .int()
      .min(0)
      .max(1000)
      .default(0)
      .describe('How often a publish is sent again that is not acked; from 1 on one is sent at a time.'),
    ackTimeout: durationMs()
      .optional()
      .describe('How long an event waits for its ack; absent: as long as its connection lasts.'),
  })
  .refine(({ retries, publish }) => retries === 0 || publish?.volatile !== true, {
    message: 'a volatile event is never sent again, 0 is wanted',
    path: ['retries'],
  });
