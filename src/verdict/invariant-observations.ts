import { KERNEL_BYTES_MAX } from '../broadcaster/heartbeat.ts';
import {
  detectionBudgetUs,
  type InvariantObservations,
  shortestSilenceUs,
} from '../delivery/server-invariants.ts';
import { type FaultRecord, parameterValue } from '../faults/fault.ts';
import { FRAME_BYTES_MAX } from '../protocol/frame.ts';
import { MESSAGE_OVERHEAD_BYTES } from '../protocol/message.ts';
import { CLOSE_TIMEOUT_MS, OVERRUN_BYTES_MAX } from '../protocol/ports.ts';
import { GAPS_MAX } from '../protocol/session.ts';
import type { ServerFindings } from '../server/server-findings.ts';
import type { ServerClose } from '../server/server-record.ts';
import type { RunRecord } from './run-record.ts';

/** Heartbeats are timers too: a loaded event loop may be this late without being wrong. */
const DETECTION_GRACE_US = 1_000_000;
/** A session is kept too long when it is there so long after its time. */
export const SESSION_GRACE_US = DETECTION_GRACE_US;
const STUCK_PATIENCE_US = 1_000_000;
/** Of an envelope around a body. */
const ENVELOPE_BYTES = 512;

/** What the invariant checks look at: only what was really observed, so only the reference server's own invariants. */
export function observeInvariants(record: RunRecord, faults: readonly FaultRecord[]): InvariantObservations {
  const { server, fleets, instants, timersLeft } = record;
  const { endUs } = instants;
  const shared = fleets.flatMap(({ twoOwners }) =>
    twoOwners.map((client) => ({ client, ownedUs: endUs, sentOnOlder: 0, ackedOnOlder: 0 })),
  );
  const clients = {
    hijacks: fleets.flatMap(({ takenOver }) => takenOver.map(([client, closedUs]) => ({ client, closedUs }))),
    returns: fleets.flatMap(({ missingBackoffs }) => missingBackoffs),
  };
  if (server === undefined) return { takeovers: shared, ...clients };
  const seen = new Set(server.takeovers.map(({ client }) => client));
  const { resumeTtl } = record.scenario.server;
  return {
    takeovers: [...server.takeovers, ...shared.filter(({ client }) => !seen.has(client))],
    ...clients,
    ...livenessOf(record),
    ...boundsOf(record),
    ...silencesOf(record, server, faults),
    evictions: server.closes
      .filter(
        ({ cause, gaps, outboxBytes, outboxBytesMax }) =>
          cause === 'slow-consumer' && gaps < GAPS_MAX && outboxBytes < outboxBytesMax,
      )
      .map(({ client, atUs, pending }) => ({
        client,
        atUs,
        pending,
        cap: record.scenario.server.outbox.maxPending,
      })),
    keptSessions: server.absent.map(({ client, sinceUs }) => ({
      client,
      disconnectedUs: sinceUs,
      seenUs: endUs,
      ttlUs: resumeTtl * 1000,
      graceUs: SESSION_GRACE_US + blockedUs(record, sinceUs, endUs),
    })),
    ...(timersLeft === undefined
      ? {}
      : { baselines: [{ what: 'timers', before: 0, after: timersLeft, tolerance: 0, atUs: endUs }] }),
  };
}

function livenessOf({
  server,
  fleets,
  workers,
  drain,
  instants,
}: RunRecord): Pick<InvariantObservations, 'liveness'> {
  const { endUs } = instants;
  // The clients of a lost worker did not answer to the end: that is nothing of the server's doing.
  const lost = workers.filter((worker) => worker.lost !== undefined).flatMap((worker) => worker.clients);
  const gone = new Set([...lost, ...fleets.flatMap((fleet) => fleet.gone)]);
  const restedUs = endUs - STUCK_PATIENCE_US;
  const outboxes = (server?.pending ?? []).map(({ client, pending }) => ({
    client,
    pending,
    advancedUs: drain === 'stuck' ? restedUs : endUs,
  }));
  // A drain that is complete without them has waited until nothing moved.
  const paused = fleets.flatMap((fleet) =>
    fleet.paused.map(([client, pending]) => ({
      client,
      pending,
      advancedUs: drain === 'progressing' ? endUs : restedUs,
    })),
  );
  const live = [...outboxes, ...paused].filter(({ client }) => !gone.has(client));
  return {
    liveness: live.map(({ client, ...waiting }) => ({
      client,
      ...waiting,
      endUs,
      patienceUs: STUCK_PATIENCE_US,
    })),
  };
}

function boundsOf({ scenario, sampler, planned }: RunRecord): Pick<InvariantObservations, 'bounds'> {
  if (sampler === undefined) return {};
  const { outbox, buffer } = scenario.server;
  // The limit is looked at before a frame is added, so that one frame may go over it.
  const upstream = scenario.clients.flatMap((client) => client.upstream?.size ?? []);
  // What is not too long after all is an action, which the server hands on.
  const actions = planned.map(({ values }) => Math.min(values.size ?? 0, FRAME_BYTES_MAX));
  const slack =
    Math.max(...scenario.publish.map(({ size }) => size), ...upstream, ...actions) + ENVELOPE_BYTES;
  const outboxSlack = slack + MESSAGE_OVERHEAD_BYTES;
  return {
    bounds: [
      { what: 'outbox', seenMax: sampler.pendingMax, cap: outbox.maxPending },
      { what: 'outbox-bytes', seenMax: sampler.outboxBytesMax, cap: outbox.maxBytes, slack: outboxSlack },
      {
        what: 'outbox-bytes-total',
        seenMax: sampler.outboxBytesTotalMax,
        cap: outbox.maxBytesTotal,
        slack: outboxSlack,
      },
      { what: 'socket-buffer', seenMax: sampler.bufferBytesMax, cap: buffer.max, slack },
    ],
  };
}

/** For how much of a span a fault kept the server from doing anything at all, µs. */
function blockedUs({ planned, instants }: RunRecord, fromUs: number, toUs: number): number {
  const blocks = planned.filter(({ name }) => name === 'block-event-loop');
  return blocks.reduce((sum, { atMs, values }) => {
    const beginUs = instants.loadFromUs + atMs * 1000;
    const endUs = beginUs + parameterValue(values, 'time') * 1000;
    return sum + Math.max(0, Math.min(endUs, toUs) - Math.max(beginUs, fromUs));
  }, 0);
}

/** One silence for holds that overlap: in the later ones there may be no connection left to be detected. */
function unionOfHolds(holds: FaultRecord['holds'], endUs: number): [number, number, number][] {
  const silences: [client: number, fromUs: number, toUs: number][] = [];
  for (const [client, fromUs, toUs] of holds.toSorted((a, b) => a[0] - b[0] || a[1] - b[1])) {
    const untilUs = toUs < 0 ? endUs : toUs;
    const before = silences.at(-1);
    if (before?.[0] === client && fromUs <= before[2]) before[2] = Math.max(before[2], untilUs);
    else silences.push([client, fromUs, untilUs]);
  }
  return silences;
}

/**
 * The connection that a client had at the server when it fell silent; none when the server had given it up before, and
 * the client did not know yet.
 */
function connectionAt(
  { closes, open }: Pick<ServerFindings, 'closes' | 'open'>,
  client: number,
  atUs: number,
):
  | { readonly closedUs?: number; readonly cause?: ServerClose['cause']; readonly unreadBytes: number }
  | undefined {
  const closed = closes.find((one) => one.client === client && one.ownedUs <= atUs && atUs <= one.atUs);
  if (closed !== undefined)
    return { closedUs: closed.atUs, cause: closed.cause, unreadBytes: closed.unreadBytes };
  return open.find((one) => one.client === client && one.ownedUs <= atUs);
}

/** For how long a server that has closed a connection by itself waits for the answer, µs. */
function closingUs(cause: ServerClose['cause'] = 'peer'): number {
  return cause === 'peer' || cause === 'missed-pongs' || cause === 'session-ended'
    ? 0
    : CLOSE_TIMEOUT_MS * 1000;
}

function silencesOf(
  record: RunRecord,
  server: Pick<ServerFindings, 'closes' | 'open'>,
  faults: readonly FaultRecord[],
): Pick<InvariantObservations, 'silentConnections' | 'slowConnections'> {
  const { scenario, instants } = record;
  const { heartbeat } = scenario.server;
  const { interval: intervalMs, timeout: timeoutMs, missed, minRate } = heartbeat;
  const beat = { intervalMs, timeoutMs, missed, minRate };
  // The heartbeat bounds what it takes to be unread at its first ping; as much may be sent to a client that is gone.
  const unreadBytesMax = 2 * KERNEL_BYTES_MAX + scenario.server.buffer.max + OVERRUN_BYTES_MAX;
  const holds = faults.flatMap((fault) => (fault.name === 'half-open' ? fault.holds : []));
  const silences = unionOfHolds(holds, instants.endUs);
  return {
    silentConnections: silences.flatMap(([client, silentFromUs, untilUs]) => {
      const connection = connectionAt(server, client, silentFromUs);
      if (connection === undefined) return [];
      const watchedUntilUs = Math.min(untilUs, connection.closedUs ?? untilUs);
      const excusedUs = blockedUs(record, silentFromUs, watchedUntilUs) + closingUs(connection.cause);
      const budgetUs = detectionBudgetUs(beat, Math.min(connection.unreadBytes, unreadBytesMax));
      const closedUs = watchedUntilUs === connection.closedUs ? { closedUs: watchedUntilUs } : {};
      return [
        {
          client,
          silentFromUs,
          ...closedUs,
          watchedUntilUs,
          budgetUs: budgetUs + DETECTION_GRACE_US + excusedUs,
        },
      ];
    }),
    slowConnections: server.closes
      .filter(({ cause }) => cause === 'missed-pongs')
      .map(({ client, atUs, heardUs, inFrontBytes }) => ({
        client,
        closedUs: atUs,
        lastSentUs: heardUs,
        patienceUs: shortestSilenceUs(beat, Math.min(inFrontBytes, KERNEL_BYTES_MAX)),
      })),
  };
}
