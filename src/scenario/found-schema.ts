import { z } from 'zod';
import { STAGES } from '../delivery/cause.ts';
import { VIOLATION_KINDS } from '../delivery/reason.ts';
import { VIOLATION_CAUSES } from '../delivery/violation-cause.ts';
import { factSchema } from './fact-schema.ts';
import { bytes, bytesPerSec, durationMs } from './quantity.ts';

/** The failure stored in a file that simulation wrote, with what is needed to recognise it in another run. */

const lane = z.strictObject({
  delay: durationMs('50us').describe('Fixed delay.'),
  jitter: durationMs('0ms').describe('Largest random addition to the delay.'),
  bandwidth: bytesPerSec().optional().describe('Absent: unlimited.'),
});

const network = z.strictObject({
  up: lane.optional().describe('From the clients to the server; absent: the default network.'),
  down: lane.optional().describe('From the server to the clients; absent: the default network.'),
  kernel: bytes()
    .optional()
    .describe('Bytes that each direction buffers before its sender sees backpressure.'),
});

const violation = z.strictObject({
  kind: z
    .enum(VIOLATION_KINDS)
    .describe('An anomaly, a failed `assertion`, or a `crash` of the code under test.'),
  direction: z
    .enum(['down', 'up'])
    .default('down')
    .describe('Direction of the message; `up`: from a client to the server.'),
  stage: z.enum(STAGES).optional().describe('Stage at which the message was lost; absent when unknown.'),
  cause: factSchema(VIOLATION_CAUSES).describe(
    'Cause: a code and values; numbers are ignored in comparisons.',
  ),
  client: z.int().min(0).optional().describe('Number of the client concerned; absent: the whole run.'),
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
    variant: z.string().optional().describe('The mutant that shows it; absent: the correct build.'),
    network: network.optional().describe('The simulated network; absent: the default network.'),
  })
  .optional();
