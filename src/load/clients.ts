import type { DrainGoal } from '../delivery/drain-target.ts';
import type { FleetCounts, FleetRecord } from './fleet-record.ts';
import type { Measures } from './measures.ts';
import type { PublishingClients } from './publishing/members-way.ts';
import type { WorkerAccount } from './worker-messages.ts';

/** The clients of a run, in this process or in others. */
export interface Clients extends PublishingClients {
  /** Clients that can be counted: those of a process that died can't. */
  readonly living: number;
  /** All of them have been made. */
  readonly made: boolean;
  /** All of them have heard of the drain: `unfinished` says what is still missing. */
  readonly draining: boolean;
  /** Every record has come, but for those that never will. */
  readonly recorded: boolean;
  /** How often each of their processes has reported at least. One that waits for a CPU does not report. */
  readonly reports: number;
  counts(): FleetCounts;
  make(): void;
  /** Opens the connections over the ramp-up. */
  connect(startUs: number): void;
  startLoad(fromUs: number, toUs: number): void;
  /** Ends every fault. */
  heal(): void;
  startDrain(goals: readonly DrainGoal[]): void;
  /** Asks for the records. */
  finish(): void;
  toRecord(): ClientsRecord;
}

/** Everything that the clients of a run know at its end. */
export interface ClientsRecord {
  readonly fleets: readonly FleetRecord[];
  readonly measures: Measures;
  /** The processes in which they lived; none when they lived in this one. */
  readonly workers: readonly WorkerAccount[];
  /** Why a connection attempt failed last; empty when none did. */
  readonly lastFailure: string;
}
