import { ANOMALIES, ANOMALY_KINDS, type AnomalyKind } from '../../delivery/anomaly.ts';
import type { DeliveryCounts } from '../../delivery/judgement.ts';
import { printable } from '../../text/printable.ts';
import type { LatencyName } from '../../verdict/measure-schema.ts';
import type { Result } from '../../verdict/result.ts';
import { formatCount, plural } from '../figures.ts';
import type { Tone } from '../line.ts';
import { sentenceOf } from './sentence.ts';

/** Words that all reports share: what a verdict, a latency, an anomaly is called. */

export type Status = 'pass' | 'fail' | 'inconclusive' | 'no-data';

export const STATUS_SIGN: Readonly<Record<Status, { readonly sign: string; readonly tone: Tone }>> = {
  pass: { sign: '✓', tone: 'good' },
  fail: { sign: '✗', tone: 'bad' },
  inconclusive: { sign: '?', tone: 'warn' },
  'no-data': { sign: '?', tone: 'warn' },
};

export const LATENCY_LABEL: Readonly<Record<LatencyName, string>> = {
  push: 'push',
  firstAttempt: 'first attempt',
  redelivered: 'redelivered',
  ackRoundTrip: 'ack round trip',
  recovery: 'recovery',
  fanOutSpread: 'fan-out spread',
  accept: 'publish',
  upstream: 'upstream',
  connect: 'connect',
  subscribe: 'subscribe',
};

export const LATENCY_MEANING: Readonly<Record<LatencyName, string>> = {
  push: 'intended to handled',
  firstAttempt: 'pushes that came through at once',
  redelivered: 'pushes that were sent again',
  ackRoundTrip: 'sent to acked, seen by the server',
  recovery: 'reconnected to caught up',
  fanOutSpread: 'first client to last client, by message',
  accept: 'published to accepted',
  upstream: 'intended by a client to handled by the server',
  connect: 'dialled to open',
  subscribe: 'dialled to joined or resumed',
};

/** An anomaly that some delivery level allows is shown as a warning only. */
export function anomalyTone(kind: AnomalyKind): Tone {
  return ANOMALIES[kind].severity === 'notice' ? 'warn' : 'bad';
}

/** Kinds of anomalies that occurred, with their counts; the most serious first. */
export function anomalyTally({ anomalyCounts }: Pick<Result, 'anomalyCounts'>): {
  readonly kind: AnomalyKind;
  readonly count: number;
}[] {
  return ANOMALY_KINDS.map((kind) => ({ kind, count: anomalyCounts[kind] ?? 0 })).filter(
    ({ count }) => count > 0,
  );
}

export function spaced(name: string): string {
  return name.replaceAll('-', ' ');
}

/** What the exit code says, in words. */
export function headline({ verdict, exitCode, partial, delivery, guarantee, defect }: Result): string {
  if (partial === true)
    return verdict === 'fail' ? 'failed before it was interrupted' : 'interrupted before the end';
  switch (exitCode) {
    case 0:
      if (defect !== undefined) return `the known defect of ${defect.of} showed`;
      if (delivery.lost.silent > 0) return 'as promised, with silent losses that this level allows';
      if (delivery.lost.reported > 0) return 'as promised, and every loss was reported';
      return 'every client got what it was owed';
    case 3:
      return guarantee.status === 'fail' ? 'delivery guarantee broken' : 'delivery assertion failed';
    case 4:
      return 'performance or resource assertion failed';
    case 5:
      return 'the run proves nothing either way';
    case 6:
      return 'target unreachable';
    default:
      return verdict === 'pass' ? 'all expectations met' : spaced(verdict);
  }
}

/** The number of clients in the run, and the number asked for when a slow machine reduced it. */
export function clientCount({ generator, adapted }: Result): string {
  const used = plural(generator.asked, 'client');
  if (adapted === undefined || adapted.askedClients === generator.asked) return used;
  return `${used} instead of ${formatCount(adapted.askedClients)}, for a slow machine`;
}

function firstOf({ reasons: [first] }: Result['guarantee']): string | undefined {
  return first === undefined ? undefined : sentenceOf(first);
}

/** What was found for the guarantee, as a row among the assertions. */
export function guaranteeFinding({ guarantee, delivery, defect }: Result): string {
  switch (guarantee.status) {
    case 'pass':
      return defect === undefined || guarantee.reasons.length === 0
        ? 'holds'
        : `broken by the known defect of ${defect.of}`;
    case 'inconclusive':
      return firstOf(guarantee) ?? 'not proven';
    case 'fail':
      return delivery.lost.silent > 0
        ? `${formatCount(delivery.lost.silent)} lost silently`
        : (firstOf(guarantee) ?? 'broken');
  }
}

/** Reasons of reported loss with their counts, the most frequent first. */
export function lossReasons({ lost }: DeliveryCounts): { readonly reason: string; readonly count: number }[] {
  return Object.entries(lost.reportedBy)
    .map(([reason, count]) => ({ reason, count }))
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.count - a.count || a.reason.localeCompare(b.reason));
}

/** Counts of duplicates, reorderings and other irregular deliveries that are not 0, in words. */
export function oddities(
  delivery: DeliveryCounts,
): { readonly label: string; readonly parts: readonly string[] }[] {
  const { duplicates } = delivery;
  const rows: [string, [number, string][]][] = [
    [
      'duplicates',
      [
        [duplicates.handled, 'handled again'],
        [duplicates.handledAfterAck, 'of them after their ack'],
        [duplicates.received, 'received again'],
      ],
    ],
    [
      'order',
      [
        [delivery.reordered, 'reordered'],
        [delivery.rewound, 'rewound on reconnect'],
        [delivery.filled, 'filled in late by a resend'],
        [delivery.displacementMax, 'places at most'],
      ],
    ],
    [
      'wrong',
      [
        [delivery.phantom, 'phantom'],
        [delivery.corrupt, 'corrupt'],
        [delivery.resurrected, 'resurrected'],
        [delivery.ackBeforeHandle, 'acked before handled'],
      ],
    ],
    [
      'open',
      [
        [delivery.unresolved, 'unresolved'],
        [delivery.recovered, 'handled though the publish was unconfirmed'],
        [delivery.notOwed, 'not owed and not handled'],
      ],
    ],
  ];
  return rows
    .map(([label, parts]) => ({
      label,
      parts: parts.filter(([count]) => count > 0).map(([count, what]) => `${formatCount(count)} ${what}`),
    }))
    .filter(({ parts }) => parts.length > 0);
}

/** Counts of messages from clients to the server, in words; empty when the scenario has none. */
export function upstreamFacts({
  delivery: { upstream },
}: Result): { readonly text: string; readonly tone: Tone }[] {
  if (upstream === undefined) return [];
  const { lost, delivered, owed, duplicates, unresolved } = upstream;
  const extra: [number, string, Tone][] = [
    [lost.reported, 'lost and reported', 'warn'],
    [duplicates.handled, 'handled twice', 'bad'],
    [unresolved, 'unresolved', 'warn'],
  ];
  return [
    { text: `${formatCount(lost.silent)} lost silently`, tone: lost.silent > 0 ? 'bad' : 'plain' },
    {
      text: `${formatCount(delivered)} of ${formatCount(owed)} accepted handled by the server`,
      tone: 'plain',
    },
    ...extra
      .filter(([count]) => count > 0)
      .map(([count, what, tone]) => ({ text: `${formatCount(count)} ${what}`, tone })),
    ...oddities(upstream)
      .filter(({ label }) => label !== 'duplicates')
      .flatMap(({ parts, label }) =>
        parts.map((text) => ({ text, tone: label === 'wrong' ? ('bad' as const) : ('plain' as const) })),
      ),
  ];
}

/** Number, reasons and newest of the dead letters; empty when there are none. */
export function deadLetterFacts({ deadLetters }: Result): string[] {
  if (deadLetters === undefined) return [];
  const reasons = Object.entries(deadLetters.byReason).filter(([, count]) => count > 0);
  const newest = deadLetters.newest.at(-1);
  return [
    plural(deadLetters.count, 'message'),
    ...reasons.map(([reason, count]) => `${formatCount(count)} ${reason}`),
    ...(newest === undefined
      ? []
      : [
          `last ${newest.type} seq ${newest.seq} of ${newest.client} after ${plural(newest.attempts, 'attempt')}`,
        ]),
  ];
}

/** Frames that clients had no use for, and what the first of them looked like; empty when there were none. */
export function unmatchedFacts({ received }: Result): string[] {
  const { unmatched = 0, unmatchedExamples = [] } = received ?? {};
  if (unmatched === 0) return [];
  return [
    `${plural(unmatched, 'frame')} that no rule matches`,
    ...unmatchedExamples.map((example) => printable(example)),
  ];
}

/** Transmissions and ack frames per message. */
export function trafficFacts({ broadcast, acks, profiles }: Result): string[] {
  const facts: string[] = [];
  const amplification = broadcast?.amplification ?? 1;
  if (amplification > 1) facts.push(`${amplification} transmissions a message`);
  if (acks === undefined || acks.frames === 0) return facts;
  const entries = Object.entries(profiles);
  if (entries.length < 2) facts.push(`ack frames a message: ${acks.perMessage}`);
  else {
    const parts = entries.flatMap(([name, profile]) =>
      profile.acks === undefined ? [] : [`${name} ${profile.acks.perMessage}`],
    );
    facts.push(`ack frames a message: ${parts.join(', ')}`);
  }
  return facts;
}

/** The server under test as reports name it; undefined for the reference broadcaster. */
export function targetOf({ target, driver }: Pick<Result, 'target' | 'driver'>): string | undefined {
  if (target === undefined) return undefined;
  const protocol = driver === undefined || driver === 'wsdeliver' ? '' : `, driver ${driver}`;
  return `target ${target}${protocol}`;
}
