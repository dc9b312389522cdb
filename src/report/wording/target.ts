import type { Result } from '../../verdict/result.ts';
import { formatCount, formatShare, formatUs, plural } from '../figures.ts';

/** What is known of a server that is not ours, in words. */

export interface Row {
  readonly label: string;
  readonly parts: readonly string[];
}

/**
 * A server of another protocol. Nothing is known of its inside, and its report has no words that mean something to the
 * broadcaster of wsdeliver.v1 alone.
 */
export function isStranger({ target, driver }: Pick<Result, 'target' | 'driver'>): boolean {
  return target !== undefined && driver !== undefined && driver !== 'wsdeliver';
}

/** How publishes to a target ended that were not accepted; empty when all were. */
export function publishingFacts({ publishing }: Result): string[] {
  if (publishing === undefined) return [];
  const { rejected, unknown, unconfirmed } = publishing;
  return counted([
    [unconfirmed, 'unconfirmed, owed to nobody'],
    [rejected, 'rejected'],
    [unknown, 'with an answer that got lost'],
  ]);
}

/** What clients of a target received and could not judge; empty when there was nothing of the kind. */
export function receivedFacts({ received }: Result): string[] {
  if (received === undefined) return [];
  return counted([
    [received.unverified, 'with content that was not verified'],
    [received.foreign, 'of others'],
  ]);
}

/** What became of the attempts to connect to a target, and of the connections: a row for each group. */
export function connectionRows({ target, connect }: Result): Row[] {
  if (target === undefined || connect === undefined) return [];
  const { attempts, opened, failed, denied, refused, closed, lifetime, connectedShare } = connect;
  const rows: Row[] = [
    {
      label: 'dialled',
      parts: [
        plural(attempts, 'time'),
        `${formatCount(opened)} opened`,
        ...numbered(refused, 'refused with status'),
        ...counted([
          [failed, 'failed'],
          [denied, 'not let in by the protocol'],
        ]),
      ],
    },
    { label: 'closed', parts: numbered(closed, 'with') },
    {
      label: 'lifetime',
      parts: lifetime.count === 0 ? [] : [`p50 ${formatUs(lifetime.p50)}`, `max ${formatUs(lifetime.max)}`],
    },
    {
      label: 'connected',
      parts: connectedShare === undefined ? [] : [`${formatShare(connectedShare)} of the time of load`],
    },
  ];
  return rows.filter(({ parts }) => parts.length > 0);
}

function numbered(counts: Readonly<Record<string, number>>, what: string): string[] {
  return counted(Object.entries(counts).map(([number, count]) => [count, `${what} ${number}`] as const));
}

function counted(parts: readonly (readonly [number, string])[]): string[] {
  return parts.filter(([count]) => count > 0).map(([count, what]) => `${formatCount(count)} ${what}`);
}
