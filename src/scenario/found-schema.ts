import { z } from 'zod';
import { STAGES } from '../delivery/cause.ts';
import { VIOLATION_KINDS } from '../delivery/reason.ts';
import { VIOLATION_CAUSES } from '../delivery/violation-cause.ts';
import { factSchema } from './fact-schema.ts';
import { bytes, bytesPerSec, durationMs } from './quantity.ts';

/** What a file that simulation wrote says of the failure in it: enough to see whether it happens again. */

const lane = z.strictObject({
  delay: durationMs('50us').describe('Time that everything takes.'),
  jitter: durationMs('0ms').describe('Added to that at random, from 0 to this.'),
  bandwidth: bytesPerSec().optional().describe('Absent: unlimited.'),
});

const network = z.strictObject({
  up: lane.optional().describe('From the clients to the server; absent: as in every simulation.'),
  down: lane.optional().describe('From the server to the clients; absent: as in every simulation.'),
  kernel: bytes().optional().describe('What each direction holds before its sender feels it.'),
});

const violation = z.strictObject({
  kind: z
    .enum(VIOLATION_KINDS)
    .describe('An anomaly, a failed `assertion`, or a `crash` of the code itself.'),
  direction: z
    .enum(['down', 'up'])
    .default('down')
    .describe('Which way the message went; `up`: from a client to the server.'),
  stage: z.enum(STAGES).optional().describe('Where the message got lost; absent when unknown.'),
  cause: factSchema(VIOLATION_CAUSES).describe(
    'Why it counts as this: a code, and values, of which numbers do not count when it is compared.',
  ),
  client: z
    .int()
    .min(0)
    .optional()
    .describe('Number of the client it happened to; absent: of the whole run.'),
});

export const found = z
  .strictObject({
    by: z.string().default('').describe('The version of wsdeliver that found it.'),
    violation: violation.describe('What went wrong.'),
    hash: z
      .string()
      .length(16)
      .optional()
      .describe('Fingerprint of the whole simulated run, 16 hexadecimal digits.'),
    variant: z.string().optional().describe('The mutant that it takes; absent: the correct build.'),
    network: network.optional().describe('The simulated network; absent: as in every simulation.'),
  })
  .optional();
