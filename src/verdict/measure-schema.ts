import { z } from 'zod';
import { DELAYED, LATENESS, PROCESS_LOSSES } from '../delivery/reason.ts';
import type { LatencySummary } from '../measure/histogram.ts';
import type { SeriesSummary } from '../measure/series.ts';
import { toldFactSchema } from '../scenario/fact-schema.ts';

/** What was measured of time and of load, as the result file has it. */

/** The latencies of a run, by name in `latency`. */
export const LATENCY_NAMES = [
  'push',
  'firstAttempt',
  'redelivered',
  'ackRoundTrip',
  'recovery',
  'fanOutSpread',
  'accept',
  'upstream',
  'connect',
  'subscribe',
] as const;
export type LatencyName = (typeof LATENCY_NAMES)[number];

export const count = z.int().min(0);
export const amount = z.number().min(0);

const latencySummary: z.ZodType<LatencySummary> = z
  .object({
    unit: z.literal('us'),
    count,
    min: amount,
    p50: amount,
    p90: amount,
    p99: amount,
    p999: amount,
    max: amount,
    mean: amount,
    hdr: z.string().describe('HdrHistogram V2, compressed, base64.'),
  })
  .meta({ id: 'LatencySummary' });

export const latencies = z.partialRecord(z.enum(LATENCY_NAMES), latencySummary);

const countsByNumber = z.record(z.string(), count);

export const connections = z.object({
  attempts: count,
  opened: count.describe('Attempts that led to an open WebSocket.'),
  failed: count.describe('Attempts that never opened, and got no answer that has a status.'),
  refused: countsByNumber.describe('Attempts that the server answered with another HTTP status, by status.'),
  denied: count.describe('Times that the protocol did not let a client in, or not into a room.'),
  closed: countsByNumber.describe('Open connections that ended, by close code.'),
  lifetime: latencySummary.describe('Of connections that ended before the run did.'),
  connectedShare: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('Share of the time of load that clients had a working connection, over all clients asked for.'),
});

export const seriesSummary: z.ZodType<SeriesSummary> = z
  .object({
    unit: z.string().describe('What the values count: messages, bytes, us.'),
    count: count.describe('Samples.'),
    min: z.number(),
    p50: z.number(),
    p99: z.number(),
    max: z.number(),
    final: z.number(),
    warning: z.number().optional(),
    overWarning: z.number().min(0).max(1).describe('Share of the time spent above the warning.'),
    slopePerSec: z.number().describe('Change per second over load, by linear regression.'),
    slopeError: z.number().describe('Standard error of the slope.'),
    points: z.array(z.object({ atMs: z.number(), value: z.number() })).describe('From the start of load.'),
  })
  .meta({ id: 'SeriesSummary' });

const processUse = {
  cpuShare: amount.describe('Of one core; a process with threads may exceed 1.'),
  cpuWaitShare: amount
    .optional()
    .describe('Share of wall time in which it was ready to run and had no CPU; absent where nobody says so.'),
  gcShare: amount.optional().describe('Share of wall time in which garbage was collected.'),
  rssBytesMax: amount,
  eventLoopDelay: latencySummary,
  stallUsMax: amount.describe('Longest standstill of the event loop, from ramp-up to the end of the drain.'),
};

export const generator = z.object({
  status: z.enum(['valid', 'suspect', 'invalid']),
  reasons: z.array(toldFactSchema(LATENESS)).describe('What was late; the worst first.'),
  longestDelay: z
    .object({
      of: z.enum(DELAYED).describe('The send schedule, or the event loop of a process.'),
      worker: count.optional().describe('Which worker.'),
      us: amount,
    })
    .describe(
      'The longest standstill or slip: what time decides is doubtful when a timeout is not far above it.',
    ),
  scheduleSlip: latencySummary.describe('Actual minus intended send instant.'),
  workers: z.array(
    z.object({
      worker: count,
      pid: count,
      clients: count,
      ...processUse,
      lost: toldFactSchema(PROCESS_LOSSES).optional().describe('How the worker was lost, if it was.'),
    }),
  ),
  server: z.object(processUse).optional().describe('Absent for a target.'),
  asked: count.describe('Clients that the scenario wants.'),
  connected: count.describe('Clients that got as far as the probe.'),
  workersLost: count,
});
