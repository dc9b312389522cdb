import type { DrainGoal } from '../delivery/drain-target.ts';
import type { PublishStatus } from '../delivery/publish-log.ts';
import type { ProcessLoss } from '../delivery/reason.ts';
import type { PlannedFault } from '../faults/fault.ts';
import type { LatencySummary } from '../measure/histogram.ts';
import type { Scenario } from '../scenario/schema.ts';
import type { FleetRecord, FleetStatus } from './fleet-record.ts';
import type { MeasuresRecord } from './measures.ts';
import type { PublishRequest } from './publishing/way.ts';

/** Messages from the coordinator to a load worker. */
export type WorkerCommand =
  | {
      readonly kind: 'job';
      readonly worker: number;
      readonly scenario: Scenario;
      /** Identity of the run, in every stamp. */
      readonly run: string;
      readonly clients: readonly number[];
      readonly planned: readonly PlannedFault[];
      /** Where the reference server listens; empty for a target, which is in the scenario. */
      readonly url: string;
      /** To which files of the target are relative. */
      readonly folder: string;
      /** The target was seen to redirect. */
      readonly redirects: boolean;
    }
  /** One of its clients is to publish. */
  | {
      readonly kind: 'publish';
      readonly id: number;
      readonly client: number;
      readonly request: PublishRequest;
    }
  | { readonly kind: 'connect'; readonly startUs: number }
  | { readonly kind: 'load'; readonly fromUs: number; readonly toUs: number }
  | { readonly kind: 'heal' }
  | { readonly kind: 'drain'; readonly goals: readonly DrainGoal[] }
  | { readonly kind: 'finish' };

/** How hard a process worked, from the start of load. */
export interface ProcessUse {
  /** CPU time over wall time; one core is 1. */
  readonly cpuShare: number;
  /** Wall time in which the event loop was ready to run and had no CPU; absent where the system does not say. */
  readonly cpuWaitShare?: number;
  /** Share of wall time in which garbage was collected. */
  readonly gcShare: number;
  readonly rssBytesMax: number;
  /** How late timers of 10 ms fired. */
  readonly eventLoopDelay: LatencySummary;
  /** Longest time for which the event loop stood still, from the first connection to the end of the drain. */
  readonly stallUsMax: number;
}

/** A load worker as the result tells of it. */
export interface WorkerAccount {
  readonly worker: number;
  readonly pid: number;
  readonly clients: readonly number[];
  readonly use: ProcessUse | undefined;
  /** How it was lost before its record came. */
  readonly lost: ProcessLoss | undefined;
}

/** Messages from a load worker to the coordinator. */
export type WorkerReport =
  | {
      readonly kind: 'published';
      readonly id: number;
      readonly status: Exclude<PublishStatus, 'open'>;
      readonly connection: number;
    }
  | { readonly kind: 'status'; readonly status: FleetStatus; readonly draining: boolean }
  | {
      readonly kind: 'record';
      readonly record: FleetRecord;
      readonly measures: MeasuresRecord;
      readonly use: ProcessUse;
    };
