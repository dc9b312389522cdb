import { type Judgement, judge } from '../delivery/checker.ts';
import { UPSTREAM_LEVEL, violations } from '../delivery/guarantee.ts';
import type { Anomaly } from '../delivery/judgement.ts';
import { PublishLog, type PublishLogRecord } from '../delivery/publish-log.ts';
import type { Reason } from '../delivery/reason.ts';
import { clientId } from '../scenario/client-id.ts';
import type { Scenario } from '../scenario/schema.ts';
import { type UpstreamStreams, upstreamStreams } from '../scenario/upstream-streams.ts';
import type { RunRecord } from './run-record.ts';

export interface UpstreamJudgement {
  readonly judgement: Judgement;
  /** Where the guarantee was broken. */
  readonly violations: readonly Reason[];
  /** Why the run says too little about it. */
  readonly inconclusive: readonly Reason[];
}

/**
 * Judges what clients sent to the server, by the same checker: the clients are the publishers, and the server's
 * application is the subscriber.
 *
 * @returns undefined when nobody was to send anything, or nobody can look into the server
 */
export function judgeUpstream(record: RunRecord): UpstreamJudgement | undefined {
  const { scenario, server, fleets, drain, instants } = record;
  const streams = upstreamStreams(scenario);
  if (streams.count === 0 || server === undefined) return undefined;
  const { log, known } = mergedLog(fleets.flatMap(({ upstream }) => upstream ?? []));
  const { ledgers, examples } = server.upstream;
  const judgement = judge({
    log,
    // What a client sent whose process died is known to nobody: it can neither be missed nor be unexpected.
    clients: ledgers.map((ledger) => ({
      ...ledger,
      subscribed: ledger.subscribed.filter((stream) => known.has(stream)),
    })),
    examples,
    level: UPSTREAM_LEVEL,
    drain,
    originUs: instants.loadFromUs,
    endUs: instants.endUs,
  });
  return {
    judgement: {
      ...judgement,
      anomalies: judgement.anomalies.map((anomaly) => fromClient(anomaly, streams)),
    },
    violations: violations({
      direction: 'up',
      level: UPSTREAM_LEVEL,
      counts: judgement.delivery,
      anomalyCounts: judgement.anomalyCounts,
      allowReported: scenario.expect.allowReported,
    }),
    inconclusive: missingEvidence(scenario, judgement),
  };
}

function missingEvidence(scenario: Scenario, { profiles, unresolvedUnexpected }: Judgement): Reason[] {
  const direction = 'up';
  const found = scenario.clients
    .filter(({ profile, upstream }) => upstream !== undefined && (profiles[profile]?.owed ?? 0) === 0)
    .map(({ profile }): Reason => ({ code: 'nothing-owed', profile, direction }));
  if (unresolvedUnexpected > 0)
    found.push({ code: 'deliveries-unresolved', direction, count: unresolvedUnexpected });
  return found;
}

/** Each stream lives in one process; the others have nothing of it. */
function mergedLog(records: readonly PublishLogRecord[]): {
  readonly log: PublishLog;
  readonly known: ReadonlySet<number>;
} {
  const streams: PublishLogRecord['streams'][number][] = [];
  const known = new Set<number>();
  for (const { streams: part } of records) {
    part.forEach((stream, number) => {
      if (stream.beginUs.length > 0) known.add(number);
      if (stream.beginUs.length > 0 || streams[number] === undefined) streams[number] = stream;
    });
  }
  return { log: PublishLog.fromRecord({ streams }), known };
}

/** A stream is a client here, and its messages are named after it. */
function fromClient(anomaly: Anomaly, streams: UpstreamStreams): Anomaly {
  const { client: _server, stream, seq, ...rest } = anomaly;
  if (stream === undefined || seq === undefined) return { ...rest, direction: 'up', session: 'server' };
  const client = streams.clientOf(stream);
  const session = clientId(client);
  return { ...rest, direction: 'up', client, stream, seq, session, message: `${session}:${seq}` };
}
