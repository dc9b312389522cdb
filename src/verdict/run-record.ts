import type { DeliveryLevel } from '../delivery/level.ts';
import type { Drain } from '../delivery/loss-judge.ts';
import type { PublishLog } from '../delivery/publish-log.ts';
import type { Reason } from '../delivery/reason.ts';
import type { FaultRecord, PlannedFault } from '../faults/fault.ts';
import type { FleetRecord } from '../load/fleet-record.ts';
import type { Measures } from '../load/measures.ts';
import type { ProcessUse, WorkerAccount } from '../load/worker-messages.ts';
import type { Histogram } from '../measure/histogram.ts';
import type { Scenario } from '../scenario/schema.ts';
import type { Sampler } from '../server/sampler.ts';
import type { ServerFindings } from '../server/server-findings.ts';
import type { ServiceFindings } from '../server/services/service-set.ts';

/** What a run leaves behind before it is judged, in whichever world it took place. */
export interface RunRecord {
  /** `virtual`: without sockets, processes or real time. */
  readonly world: 'real' | 'virtual';
  readonly scenario: Scenario;
  /** What the driver declares of its protocol. */
  readonly protocol: {
    /** What a server promises unless something else is said of it. */
    readonly level: DeliveryLevel;
    /** The server sends nothing but what it is given, to whoever is there at that time. */
    readonly verbatim: boolean;
  };
  readonly planned: readonly PlannedFault[];
  readonly log: PublishLog;
  /** Messages published since load began. */
  readonly publishedInLoad: number;
  /** Actual minus intended send instant of the publishes. */
  readonly slip: Histogram;
  /** From a publish to its acceptance. */
  readonly accept: Histogram;
  readonly fleets: readonly FleetRecord[];
  readonly measures: Measures;
  /** Absent for a target, whose inside is unknown. */
  readonly server: ServerFindings | undefined;
  readonly sampler: Sampler | undefined;
  /** Of the process in which the server lives. */
  readonly serverUse: ProcessUse | undefined;
  readonly workers: readonly WorkerAccount[];
  /** Absent where the scenario starts none. */
  readonly services?: ServiceFindings | undefined;
  readonly serverFaults: readonly FaultRecord[];
  readonly drain: Drain;
  readonly interrupted: boolean;
  /** The target went away for good: what it still owed had no chance to arrive. */
  readonly targetGone: boolean;
  readonly connected: number;
  readonly probed: number;
  /** Why a connection attempt failed last; empty when none did. */
  readonly lastFailure: string;
  /** Why the run says too little. */
  readonly troubles: readonly Reason[];
  /** Timers still armed after everything was stopped; absent where they can't be counted. */
  readonly timersLeft?: number;
  readonly instants: {
    readonly startUs: number;
    readonly loadFromUs: number;
    readonly loadToUs: number;
    readonly endUs: number;
  };
}
