import { type AnomalyCounts, mergeAnomalyCounts } from '../delivery/anomaly.ts';
import { inconclusiveReasons, type Judgement, judge } from '../delivery/checker.ts';
import { judgeConduct } from '../delivery/conduct.ts';
import { resourceViolations, violations } from '../delivery/guarantee.ts';
import type { Anomaly } from '../delivery/judgement.ts';
import type { DeliveryLevel } from '../delivery/level.ts';
import type { FaultRecord } from '../faults/fault.ts';
import { clientsOf } from '../scenario/timeline.ts';
import { observeConduct } from './conduct-observations.ts';
import { judgeUpstream } from './judge-upstream.ts';
import type { RunRecord } from './run-record.ts';

/** What a run shows of delivery and conduct; the assertions of its scenario are another matter. */
export interface Findings {
  /** By which the run is judged. */
  readonly level: DeliveryLevel;
  readonly judgement: Judgement;
  /** Of deliveries and conduct; a limited number of each kind. */
  readonly anomalies: readonly Anomaly[];
  readonly anomalyCounts: Readonly<AnomalyCounts>;
  /** Where the guarantee was broken, in words. */
  readonly broken: readonly string[];
  /** Where bounds and budgets were broken, in words. */
  readonly misused: readonly string[];
  /** Why the run says too little, in words. */
  readonly inconclusive: readonly string[];
  /** Of what clients sent; absent when nobody was to send anything. */
  readonly upstream?: Judgement;
  /** One record a fault, over all processes. */
  readonly faults: readonly FaultRecord[];
}

/** Judges what a run left behind, in whichever world it took place. */
export function judgeRun(record: RunRecord): Findings {
  const { scenario, instants, drain, server, fleets } = record;
  const level = scenario.expect.guarantee ?? scenario.server.delivery;
  const judgement = judge({
    log: record.log,
    clients: fleets.flatMap(({ clients }) => clients),
    examples: fleets.flatMap(({ examples }) => examples),
    ...(server === undefined ? {} : { evidence: server.evidence }),
    level,
    drain,
    originUs: instants.loadFromUs,
    endUs: instants.endUs,
    awayOnPurpose: new Set(fleets.flatMap(({ gone }) => gone)),
  });
  const faults = mergeFaults(record);
  const conduct = judgeConduct(observeConduct(record, faults), instants.loadFromUs);
  const own = mergeAnomalyCounts(judgement.anomalyCounts, conduct.anomalyCounts);
  const upstream = judgeUpstream(record);
  const anomalyCounts =
    upstream === undefined ? own : mergeAnomalyCounts(own, upstream.judgement.anomalyCounts);
  return {
    level,
    judgement,
    ...(upstream === undefined ? {} : { upstream: upstream.judgement }),
    anomalies: [...judgement.anomalies, ...conduct.anomalies, ...(upstream?.judgement.anomalies ?? [])],
    anomalyCounts,
    broken: [
      ...violations(level, judgement.delivery, own, scenario.expect.allowReported),
      ...(upstream?.broken ?? []),
    ],
    misused: resourceViolations(anomalyCounts),
    inconclusive: [
      ...doubts(record, faults),
      ...inconclusiveReasons(judgement),
      ...(upstream?.inconclusive ?? []),
    ],
    faults,
  };
}

/** Why the run says too little, apart from what the checker finds missing. */
function doubts(record: RunRecord, faults: readonly FaultRecord[]): string[] {
  const { scenario, interrupted, drain, lastFailure } = record;
  const asked = clientsOf(scenario).count;
  const found: string[] = [...record.troubles];
  if (interrupted) found.push('the run was interrupted');
  if (record.connected < asked) {
    found.push(
      `${record.connected} of ${asked} clients connected${lastFailure === '' ? '' : ` (${lastFailure})`}`,
    );
  }
  if (record.probed < record.connected) {
    found.push(`${record.connected - record.probed} connected clients never received the probe`);
  }
  if (record.fleets.length === 0) found.push('no load worker has anything to tell');
  if (drain === 'progressing' && !interrupted)
    found.push('the drain was still progressing at its deadline: raise duration.settle');
  if (interrupted) return found;
  for (const { name, fired, planned, index } of faults) {
    if (fired === 0)
      found.push(`fault ${index + 1} (${name}) never took hold of any of its ${planned} targets`);
  }
  return found;
}

/** Adds up what the fleets and the server say of each fault. */
function mergeFaults(record: RunRecord): FaultRecord[] {
  const merged = new Map<number, FaultRecord>();
  for (const part of [...record.fleets.flatMap(({ faults }) => faults), ...record.serverFaults]) {
    const known = merged.get(part.index);
    merged.set(part.index, known === undefined ? part : addFaults(known, part));
  }
  return [...merged.values()].sort((a, b) => a.index - b.index);
}

function addFaults(a: FaultRecord, b: FaultRecord): FaultRecord {
  return {
    ...a,
    planned: a.planned + b.planned,
    fired: a.fired + b.fired,
    effects: a.effects + b.effects,
    firstFiredUs: earlier(a.firstFiredUs, b.firstFiredUs),
    firstEffectUs: earlier(a.firstEffectUs, b.firstEffectUs),
    holds: [...a.holds, ...b.holds],
  };
}

/** -1 is never. */
function earlier(a: number, b: number): number {
  if (a < 0) return b;
  return b < 0 ? a : Math.min(a, b);
}
