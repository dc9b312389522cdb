import { type AnomalyCounts, mergeAnomalyCounts } from '../delivery/anomaly.ts';
import { inconclusiveReasons, type Judgement, judge } from '../delivery/checker.ts';
import { resourceViolations, violations } from '../delivery/guarantee.ts';
import type { Anomaly } from '../delivery/judgement.ts';
import type { DeliveryLevel } from '../delivery/level.ts';
import type { Reason } from '../delivery/reason.ts';
import { judgeInvariants } from '../delivery/server-invariants.ts';
import { splitBySlowness } from '../delivery/slowness.ts';
import type { FaultRecord } from '../faults/fault.ts';
import { clientsOf } from '../scenario/timeline.ts';
import { observeInvariants } from './invariant-observations.ts';
import { judgeUpstream } from './judge-upstream.ts';
import type { RunRecord } from './run-record.ts';
import { SlowMachine } from './slow-machine.ts';

/** What a run shows of delivery and server invariants; the assertions of its scenario are another matter. */
export interface Findings {
  /** By which the run is judged. */
  readonly level: DeliveryLevel;
  readonly judgement: Judgement;
  /** Of deliveries and server invariants; a limited number of each kind. */
  readonly anomalies: readonly Anomaly[];
  readonly anomalyCounts: Readonly<AnomalyCounts>;
  /** Where the guarantee was broken. */
  readonly violations: readonly Reason[];
  /** Where bounds and budgets were broken. */
  readonly resourceViolations: readonly Reason[];
  /** Why the run says too little. */
  readonly inconclusive: readonly Reason[];
  /** Of what clients sent; absent when nobody was to send anything. */
  readonly upstream?: Judgement;
  /** One record a fault, over all processes. */
  readonly faults: readonly FaultRecord[];
}

/** Judges what a run left behind, in whichever world it took place. */
export function judgeRun(record: RunRecord): Findings {
  const { scenario, protocol, instants, drain, server, fleets } = record;
  const level = levelOf(record);
  const judgement = judge({
    log: record.log,
    clients: fleets.flatMap(({ clients }) => clients),
    examples: fleets.flatMap(({ examples }) => examples),
    ...(server === undefined ? {} : { evidence: server.evidence }),
    level,
    drain,
    originUs: instants.loadFromUs,
    endUs: instants.endUs,
    sendsPast: !protocol.verbatim,
    awayOnPurpose: new Set(fleets.flatMap(({ gone }) => gone)),
  });
  const faults = mergeFaults(record);
  const invariants = judgeInvariants(observeInvariants(record, faults), instants.loadFromUs);
  const own = mergeAnomalyCounts(judgement.anomalyCounts, invariants.anomalyCounts);
  const upstream = judgeUpstream(record);
  const anomalyCounts =
    upstream === undefined ? own : mergeAnomalyCounts(own, upstream.judgement.anomalyCounts);
  const late = new SlowMachine(record).lateness();
  const promised = violations({
    direction: 'down',
    level,
    counts: judgement.delivery,
    anomalyCounts: own,
    allowReported: scenario.expect.allowReported,
  });
  const broken = splitBySlowness([...promised, ...(upstream?.violations ?? [])], late);
  const resources = splitBySlowness(resourceViolations(anomalyCounts), late);
  return {
    level,
    judgement,
    ...(upstream === undefined ? {} : { upstream: upstream.judgement }),
    anomalies: [...judgement.anomalies, ...invariants.anomalies, ...(upstream?.judgement.anomalies ?? [])],
    anomalyCounts,
    violations: broken.certain,
    resourceViolations: [...serviceViolations(record), ...resources.certain],
    inconclusive: [
      ...broken.undecided,
      ...resources.undecided,
      ...missingEvidence(record, faults),
      ...inconclusiveReasons(judgement),
      ...(upstream?.inconclusive ?? []),
    ],
    faults,
  };
}

/** Processes of services that ended by themselves, or did not come back. */
function serviceViolations({ services, instants }: RunRecord): Reason[] {
  const atMs = (atUs: number): number => Math.round((atUs - instants.loadFromUs) / 1000);
  return (services?.services ?? []).flatMap(({ name: service, ends, late }): Reason[] => [
    ...ends
      .filter(({ by }) => by === 'itself')
      .map(
        ({ atUs, code, signal = '' }): Reason => ({
          code: 'service-crashed',
          service,
          atMs: atMs(atUs),
          ...(code === undefined ? {} : { exitCode: code }),
          signal,
        }),
      ),
    ...late.map(
      ({ atUs, withinMs }): Reason => ({ code: 'service-not-back', service, atMs: atMs(atUs), withinMs }),
    ),
  ]);
}

/** What a scenario says of the delivery of a target stands in its guarantee already. */
function levelOf({ scenario, protocol }: RunRecord): DeliveryLevel {
  const { expect, server, target } = scenario;
  return expect.guarantee ?? (target === undefined ? server.delivery : protocol.level);
}

/** Why the run says too little, apart from what the checker finds missing. */
function missingEvidence(record: RunRecord, faults: readonly FaultRecord[]): Reason[] {
  const { scenario, interrupted, drain, lastFailure } = record;
  const asked = clientsOf(scenario).count;
  const found: Reason[] = [...record.troubles];
  if (interrupted) found.push({ code: 'interrupted' });
  if (record.connected < asked) {
    found.push({ code: 'clients-missing', connected: record.connected, asked, lastFailure });
  }
  if (record.probed < record.connected) {
    found.push({ code: 'probe-missing', count: record.connected - record.probed });
  }
  if (record.fleets.length === 0) found.push({ code: 'no-record' });
  if (drain === 'progressing' && !interrupted && !record.targetGone) found.push({ code: 'drain-unfinished' });
  if (interrupted) return found;
  for (const { name, fired, planned, index } of faults) {
    if (fired === 0)
      found.push({ code: 'fault-never-held', fault: name, entry: index + 1, targets: planned });
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
