import { z } from 'zod';
import { bytes, durationMs, ratePerSec, ratio } from './quantity.ts';

/** The parts of the `server` block that say what the broadcaster does about failures of its own and of its clients. */

export const broadcasterKind = z
  .enum(['robust', 'naive'])
  .default('robust')
  .describe(
    'naive: the loop without any care, where one failing send ends the broadcast; to be tested against.',
  );

export const failures = z.strictObject({
  threshold: z
    .int()
    .min(1)
    .max(100)
    .default(5)
    .describe('Failures within the window that make a client problematic.'),
  window: durationMs('60s').describe(
    'How far back failures count; a client without one for so long is fine again.',
  ),
  globalRate: ratio('10%').describe(
    'Share of failed attempts within the window above which there is a warning.',
  ),
  history: durationMs('5m').describe('How long the failures of a client are kept, at most 100 of them.'),
  strategy: z
    .enum(['none', 'disconnect', 'throttle', 'degraded'])
    .default('none')
    .describe('What is done about a problematic client: closed with 4429, slowed down, or given less.'),
  throttleRate: ratePerSec('10/s').describe('throttle: messages per second for a problematic client.'),
  keepEvery: z
    .int()
    .min(2)
    .max(1_000_000)
    .default(5)
    .describe(
      'degraded: a problematic client gets one of so many messages of a room, and a gap for the rest.',
    ),
});

export const queue = z.strictObject({
  size: z.int().min(1).max(1_000_000).default(10_000).describe('Messages it holds before it refuses more.'),
  maxBytes: bytes('32MiB').describe('The same in bytes; each recipient that lacks a message counts 64.'),
  retries: z
    .int()
    .min(0)
    .max(100)
    .default(3)
    .describe('Tries after the first, for the recipients that failed.'),
  retryDelay: durationMs('1s').describe('Wait before a retry, times its number.'),
  interval: durationMs('100ms').describe('How often the queue is looked through.'),
});

export const alerts = z.strictObject({
  window: durationMs('5m').describe('Over which the failure rate and the latency are measured.'),
  failureRate: ratio('10%').describe('Share of failed attempts above which there is an alert.'),
  buffer: ratio('80%').describe('How full the buffer of a client may be, of buffer.max.'),
  latency: durationMs('100ms').describe('Mean time to the ack, or to the socket where nobody acks.'),
  actions: z
    .array(z.enum(['log', 'disconnect', 'scale']))
    .max(3)
    .default(['log'])
    .describe('What an alert does: is noted, closes the client concerned, runs the hook under "scale".'),
  scale: z
    .strictObject({
      command: z.string().min(1).max(2000).optional().describe('Shell command, run once for each alert.'),
      webhook: z
        .string()
        .min(1)
        .max(2000)
        .optional()
        .describe('http(s) address that each alert is posted to.'),
    })
    .prefault({}),
});

export const publishVia = z
  .enum(['direct', 'queue', 'rooms'])
  .default('direct')
  .describe(
    'direct: one broadcast. queue: reliable, tried again for those it did not reach. ' +
      'rooms: one broadcast to many rooms, with all other streams via rooms that are due at the time.',
  );
