import { z } from 'zod';
import { COUNTER_NAMES, COUNTERS, type CounterName } from '../broadcaster/counter.ts';
import { ANOMALY_KINDS } from '../delivery/anomaly.ts';
import { CAUSES, STAGES } from '../delivery/cause.ts';
import type { Anomaly, Belief, DeliveryCounts } from '../delivery/judgement.ts';
import { DELIVERY_LEVELS } from '../delivery/level.ts';
import { LOSS_REASONS } from '../delivery/loss-reason.ts';
import { DELAYED, LATENESS, REASONS } from '../delivery/reason.ts';
import { TIMELINE_EVENTS } from '../delivery/timeline-event.ts';
import type { LatencySummary } from '../measure/histogram.ts';
import type { SeriesSummary } from '../measure/series.ts';
import { DEPTH_MAX, structureProblem } from '../protocol/limits.ts';
import { toldFactSchema } from '../scenario/fact-schema.ts';
import { contradictions } from './result-consistency.ts';

/**
 * The result file: everything a run found out, as one document. Every report is made from it and from nothing
 * else. This schema is the source of the `Result` type and of the published JSON Schema.
 *
 * Within version 1 fields are only added; readers ignore what they do not know.
 */

export const RESULT_SCHEMA = 'wsdeliver.result/1';

const VERDICTS = ['pass', 'fail', 'inconclusive'] as const;

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
] as const;
export type LatencyName = (typeof LATENCY_NAMES)[number];

/** Problems of an unreadable file that are named. */
const PROBLEMS_MAX = 20;

const count = z.int().min(0);
const amount = z.number().min(0);

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

const latencies = z.partialRecord(z.enum(LATENCY_NAMES), latencySummary);

const seriesSummary: z.ZodType<SeriesSummary> = z
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

const deliveryFields = {
  published: count.describe('Messages accepted by the server.'),
  owed: count,
  delivered: count,
  lost: z.object({
    silent: count,
    reported: count,
    reportedBy: z.record(z.enum(LOSS_REASONS), count),
  }),
  duplicates: z.object({ handled: count, handledAfterAck: count, received: count }),
  reordered: count,
  rewound: count,
  filled: count,
  displacementMax: count,
  phantom: count,
  corrupt: count,
  resurrected: count,
  recovered: count,
  unresolved: count,
  notOwed: count,
  late: count,
  ackBeforeHandle: count,
};

const deliveryCounts: z.ZodType<DeliveryCounts> = z.object(deliveryFields).meta({ id: 'DeliveryCounts' });

/** What clients were owed; beside it, what clients sent and the server's application was owed. */
const delivery = z
  .object({
    ...deliveryFields,
    upstream: deliveryCounts
      .optional()
      .describe('From clients to the server; absent when none was to send anything.'),
  })
  .meta({ id: 'Delivery' });

const acks = z.object({
  frames: count.describe('Ack frames that clients sent.'),
  perMessage: amount.describe('For each message handled.'),
});

const deadLetters = z.object({
  count,
  byReason: z.record(z.string(), count),
  newest: z.array(
    z.object({
      atMs: z.number().describe('From the start of load.'),
      client: z.string(),
      seq: count,
      type: z.string(),
      room: z.string(),
      reason: z.string(),
      attempts: count.describe('Transmissions.'),
    }),
  ),
});

const belief: z.ZodType<Belief> = z.object({
  deliveredHandled: count,
  deliveredNotHandled: count,
  droppedHandled: count,
  droppedNotHandled: count,
  pendingHandled: count,
  pendingNotHandled: count,
});

const anomalyKind = z.enum(ANOMALY_KINDS);

const anomaly: z.ZodType<Anomaly> = z.object({
  kind: anomalyKind,
  direction: z.enum(['down', 'up']).describe('`up`: from a client to the server.'),
  client: count.optional().describe('Its number; absent where no single client is concerned.'),
  stream: count.optional().describe('Of the message; absent where no message is concerned.'),
  seq: count.optional(),
  session: z.string().describe('Name of the session: `c17`, or `c17#2` for the second of client 17.'),
  message: z.string().describe('Name of the message: `p1:42` is number 42 of publish stream 1.'),
  cause: toldFactSchema(CAUSES).describe('Why it counts as this.'),
  stage: z.enum(STAGES).optional().describe('Where the message got lost; absent when unknown.'),
  timeline: z.array(toldFactSchema(TIMELINE_EVENTS, { atMs: z.number() })),
});

/** The reference server's own counters, over the whole run; a counter it does not keep is absent. */
const broadcast = z
  .object({
    ...(Object.fromEntries(
      COUNTER_NAMES.map((name) => [name, count.describe(COUNTERS[name].meaning)]),
    ) as Record<CounterName, typeof count>),
    amplification: amount.describe('Transmissions for each first one.'),
    activeClients: count.describe('Connections at the end.'),
    healthyClients: count.describe('Of these, the ones whose heartbeat has missed nothing.'),
  })
  .partial();

const metrics = z.object({
  windowMs: amount,
  sent: count,
  failed: count,
  successRatio: z.number().min(0).max(1).optional().describe('Absent without an attempt.'),
  latencyMeanUs: amount.optional().describe('Time to the ack, or to the socket where nobody acks.'),
  failures: z.record(z.string(), count).describe('By kind.'),
});

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

const generator = z.object({
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
      lost: z.string().optional().describe('Why the worker did not finish.'),
    }),
  ),
  server: z.object(processUse).optional().describe('Absent for a target.'),
  asked: count.describe('Clients that the scenario wants.'),
  connected: count.describe('Clients that got as far as the probe.'),
  workersLost: count,
});

const fault = z.object({
  name: z.string(),
  planned: count,
  fired: count,
  effects: count.describe('Firings that were seen to change something.'),
  firstFiredMs: z.number().optional().describe('From the start of load.'),
  firstEffectMs: z.number().optional(),
  fidelity: z.enum(['simulated', 'socket', 'kernel']),
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
  driver: z.string().optional().describe('The protocol of the clients; only with a target.'),
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

/**
 * Reads a result file.
 *
 * @param text - the file's content
 * @param file - its name, for the message
 * @throws {Error} when it is no JSON, of another version, or incomplete; all that is wrong with it is named
 */
export function parseResult(text: string, file: string): Result {
  const parsed = resultSchema.safeParse(parseJson(text, file));
  if (!parsed.success) {
    const problems = parsed.error.issues
      .slice(0, PROBLEMS_MAX)
      .map(({ path, message }) => `  ${path.join('.') || 'the document'}: ${message}`);
    throw new Error(`Cannot read "${file}": it is not a ${RESULT_SCHEMA} document\n${problems.join('\n')}`);
  }
  const [contradiction] = contradictions(parsed.data);
  if (contradiction === undefined) return parsed.data;
  throw new Error(`Cannot read "${file}": it contradicts itself, ${contradiction}`);
}

/** The published description of the result file. */
export function resultJsonSchema(): unknown {
  return z.toJSONSchema(resultSchema, { io: 'input' });
}

function parseJson(text: string, file: string): unknown {
  const problem = structureProblem(text, DEPTH_MAX, Number.POSITIVE_INFINITY);
  if (problem !== undefined)
    throw new Error(`Cannot read "${file}": ${problem}, a result file of wsdeliver is wanted`);
  try {
    return JSON.parse(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot read "${file}": it is no JSON (${detail}), a result file of wsdeliver is wanted`);
  }
}
