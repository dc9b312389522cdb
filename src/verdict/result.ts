import { z } from 'zod';
import { DELIVERY_LEVELS } from '../delivery/level.ts';
import { LATENESS, REASONS } from '../delivery/reason.ts';
import { toldFactSchema } from '../scenario/fact-schema.ts';
import {
  acks,
  anomaly,
  anomalyKind,
  belief,
  broadcast,
  deadLetters,
  delivery,
  metrics,
} from './delivery-schema.ts';
import { amount, connections, count, generator, latencies, seriesSummary } from './measure-schema.ts';

/**
 * The result file: everything a run found out, as one document. Every report is made from it and from nothing
 * else. This schema is the source of the `Result` type and of the published JSON Schema.
 *
 * Within version 1 fields are only added; readers ignore what they do not know.
 */

export const RESULT_SCHEMA = 'wsdeliver.result/1';

const VERDICTS = ['pass', 'fail', 'inconclusive'] as const;

const fault = z.object({
  name: z.string(),
  planned: count,
  fired: count,
  effects: count.describe('Firings that were seen to change something.'),
  firstFiredMs: z.number().optional().describe('From the start of load.'),
  firstEffectMs: z.number().optional(),
  fidelity: z.enum(['simulated', 'socket', 'kernel']),
});

const service = z.object({
  name: z.string().describe('`app`, or `app-1` where the service has a count.'),
  port: count.describe('The port that it was given.'),
  starts: count,
  ends: z.array(
    z.object({
      atMs: z.number().describe('From the start of load.'),
      by: z.enum(['itself', 'fault']),
      exitCode: z.int().optional(),
      signal: z.string().optional(),
    }),
  ),
  output: z
    .array(z.string())
    .optional()
    .describe('Its last lines, when it ended by itself or was not ready in time.'),
});

const assertion = z.object({
  text: z.string().describe('As in the scenario.'),
  actual: z.number().optional().describe('In µs, bytes, per second, 0..1 or a count; absent without data.'),
  actualText: z.string().describe('With its unit; "no data" when there was none.'),
  status: z.enum(['pass', 'fail', 'inconclusive', 'no-data']),
  late: toldFactSchema(LATENESS)
    .optional()
    .describe('Inconclusive: what was late, and may be the cause of the value.'),
});

const reason = toldFactSchema(REASONS).meta({ id: 'Reason' });

/** What keeps a search for capacity from going on: the run is no pass, or one of these. */
export const STEP_LIMITS = {
  ...REASONS,
  'publishers-behind': {},
  'deliveries-behind': {},
  'latency-bent': {},
} as const;

const capacity = z.object({
  sustainablePerSec: amount.describe(
    'Broadcasts per second over all streams; 0 when not even the first rate held.',
  ),
  exhausted: z.boolean().describe('A rate was found that does not hold; else the search ended before one.'),
  steps: z.array(
    z.object({
      ratePerSec: amount,
      deliveredPerSec: amount,
      p50Us: amount,
      p99Us: amount,
      slipP99Us: amount,
      cpuShare: amount.describe('Of the busiest process, in cores.'),
      sustained: z.boolean(),
      why: toldFactSchema(STEP_LIMITS).optional().describe('What gave way first; absent when it held.'),
    }),
  ),
});

const environment = z.object({
  wsdeliver: z.string().describe('Version.'),
  node: z.string(),
  platform: z.string(),
  cpus: count,
  memoryBytes: amount,
  startedAt: z.string().describe('ISO 8601.'),
  durationMs: amount,
});

export const resultSchema = z.object({
  schema: z.literal(RESULT_SCHEMA),
  verdict: z.enum(VERDICTS),
  exitCode: count,
  reasons: z
    .array(reason)
    .describe('Why the verdict is not a pass; what limits a pass. The weightiest first.'),
  scenario: z.object({
    name: z.string(),
    description: z.string().optional(),
    file: z.string().describe('Path, or the name of a bundled scenario.'),
    sha256: z.string().describe('Of the file as it was read.'),
    seed: count,
    source: z
      .string()
      .optional()
      .describe('What ran, as the text of a scenario file: for `wsdeliver replay`.'),
    resolved: z.record(z.string(), z.unknown()).describe('Every setting that held, defaults included.'),
  }),
  guarantee: z.object({
    level: z.enum(DELIVERY_LEVELS),
    status: z.enum(VERDICTS),
    reasons: z.array(reason),
  }),
  defect: z
    .object({ of: z.string(), seen: z.string(), shown: z.boolean() })
    .optional()
    .describe('The known defect that the scenario wants to show.'),
  delivery,
  profiles: z.record(z.string(), z.object({ delivery, latency: latencies, acks: acks.optional() })),
  acks: acks.optional(),
  belief: belief.optional(),
  anomalies: z.array(anomaly),
  anomalyCounts: z
    .partialRecord(anomalyKind, count)
    .describe('All of a kind, also those without an example.'),
  latency: latencies,
  saturation: z.record(z.string(), seriesSummary),
  alerts: z.array(
    z.object({
      name: z.string(),
      count,
      firstAtMs: z.number(),
      detail: z.string().describe('Of the first.'),
      examples: z.array(z.string()).optional().describe('The first few in full.'),
    }),
  ),
  metrics: metrics.optional().describe('How broadcasting went over the last window, by the server itself.'),
  broadcast: broadcast.optional(),
  deadLetters: deadLetters.optional().describe('Absent when there were none.'),
  generator,
  faults: z.array(fault),
  services: z.array(service).optional().describe('Processes that the run has started; absent without any.'),
  assertions: z.array(assertion),
  rate: z.object({
    published: amount.describe('Messages a second, over load.'),
    delivered: amount.describe('Handled deliveries a second, over load.'),
    offered: amount.optional().describe('Messages a second that the schedule asked for.'),
    deliveredBytes: amount.optional().describe('Payload bytes a second, over load.'),
  }),
  isolation: z
    .object({
      baselineP99Us: amount.describe('p99 of pushes in warm-up, to clients that no fault is meant for.'),
      p99Us: amount.describe('The same clients while others have their faults.'),
      ratio: amount,
    })
    .optional()
    .describe('Absent where either side has no samples.'),
  capacity: capacity.optional().describe('Of a search for the highest sustainable rate.'),
  environment,
  target: z
    .string()
    .optional()
    .describe('Address of the server under test; absent: the reference broadcaster.'),
  connect: connections.optional().describe('What became of the attempts to connect.'),
  driver: z.string().optional().describe('The protocol of the clients; only with a target.'),
  publishing: z
    .object({
      accepted: count.describe('Confirmed by the server, or shown by what clients saw.'),
      rejected: count,
      unknown: count.describe('Their answer got lost.'),
      unconfirmed: count.describe(
        'Never answered, and nothing shows that they were accepted: owed to nobody.',
      ),
    })
    .optional()
    .describe('How the publishes to a target ended.'),
  received: z
    .object({
      unverified: count.describe('Messages whose body the server did not send as a whole.'),
      foreign: count.describe('Messages that were none of the run.'),
      unmatched: count.optional().describe('Frames that no rule of the description matched.'),
      unmatchedExamples: z.array(z.string()).optional().describe('The first few of those that differ.'),
    })
    .optional()
    .describe('What clients of a target received and could not judge.'),
  serverEvidence: z.boolean().describe("Whether the server's own record was at hand."),
  simulated: z
    .boolean()
    .optional()
    .describe('In virtual time: no socket and no second of a clock took part.'),
  adapted: z
    .object({
      askedClients: count.describe(
        'Clients that the scenario has; `generator.asked` is how many it ran with.',
      ),
      speed: amount.describe(
        'What each process got of a core just before the run, in cores of a reference machine.',
      ),
    })
    .optional()
    .describe('Of a scenario with `adapt`.'),
  partial: z.boolean().optional().describe('The run was interrupted; it says what was known until then.'),
});

export type Result = z.output<typeof resultSchema>;
export type FaultOutcome = Result['faults'][number];

/** The published description of the result file. */
export function resultJsonSchema(): unknown {
  return z.toJSONSchema(resultSchema, { io: 'input' });
}
