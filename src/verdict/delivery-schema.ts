import { z } from 'zod';
import { COUNTER_NAMES, COUNTERS, type CounterName } from '../broadcaster/counter.ts';
import { ANOMALY_KINDS } from '../delivery/anomaly.ts';
import { CAUSES, STAGES } from '../delivery/cause.ts';
import type { Anomaly, Belief, DeliveryCounts } from '../delivery/judgement.ts';
import { LOSS_REASONS } from '../delivery/loss-reason.ts';
import { TIMELINE_EVENTS } from '../delivery/timeline-event.ts';
import { toldFactSchema } from '../scenario/fact-schema.ts';
import { amount, count } from './measure-schema.ts';

/** What became of the messages, as the result file has it: by the judge, by the clients' acks, by the server itself. */

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
export const delivery = z
  .object({
    ...deliveryFields,
    upstream: deliveryCounts
      .optional()
      .describe('From clients to the server; absent when none was to send anything.'),
  })
  .meta({ id: 'Delivery' });

export const acks = z.object({
  frames: count.describe('Ack frames that clients sent.'),
  perMessage: amount.describe('For each message handled.'),
});

export const deadLetters = z.object({
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

export const belief: z.ZodType<Belief> = z.object({
  deliveredHandled: count,
  deliveredNotHandled: count,
  droppedHandled: count,
  droppedNotHandled: count,
  pendingHandled: count,
  pendingNotHandled: count,
});

export const anomalyKind = z.enum(ANOMALY_KINDS);

export const anomaly: z.ZodType<Anomaly> = z.object({
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
export const broadcast = z
  .object({
    ...(Object.fromEntries(
      COUNTER_NAMES.map((name) => [name, count.describe(COUNTERS[name].meaning)]),
    ) as Record<CounterName, typeof count>),
    amplification: amount.describe('Transmissions for each first one.'),
    activeClients: count.describe('Connections at the end.'),
    healthyClients: count.describe('Of these, the ones whose heartbeat has missed nothing.'),
  })
  .partial();

export const metrics = z.object({
  windowMs: amount,
  sent: count,
  failed: count,
  successRatio: z.number().min(0).max(1).optional().describe('Absent without an attempt.'),
  latencyMeanUs: amount.optional().describe('Time to the ack, or to the socket where nobody acks.'),
  failures: z.record(z.string(), count).describe('By kind.'),
});
