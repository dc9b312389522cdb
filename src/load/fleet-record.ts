import type { PublishLogRecord } from '../delivery/publish-log.ts';
import type { MissingBackoff } from '../delivery/reconnect-pace.ts';
import type { ClientRecord, LedgerExample } from '../delivery/record.ts';
import type { FaultRecord } from '../faults/fault.ts';
import type { UnmatchedRecord } from './unmatched-frames.ts';

/** How far the clients of a fleet are. */
export interface FleetCounts {
  readonly ready: number;
  /** Clients that have handled a probe message. */
  readonly probed: number;
  /** Clients that stay away for good. */
  readonly gone: number;
  /** Clients that the drain still waits for; 0 before the drain. */
  readonly unfinished: number;
  /** Grows whenever a message is handled or accounted for: a drain that moves is not stuck. */
  readonly progress: number;
}

/** What a fleet has to say while it runs. */
export interface FleetStatus extends FleetCounts {
  readonly clients: number;
  readonly handled: number;
  readonly failedConnects: number;
  /** Why a connection attempt failed last; empty when none did. */
  readonly lastFailure: string;
  readonly faults: readonly string[];
  readonly pushP99Us: number;
  /** Duplicates that clients did not handle again. */
  readonly deduplicated: number;
}

/** Everything a fleet knows at the end, but for what it measured of time. */
export interface FleetRecord {
  readonly clients: readonly ClientRecord[];
  readonly examples: readonly LedgerExample[];
  /** Messages whose body the server did not send as a whole, and messages that were none of the run's. */
  readonly unverified: number;
  readonly foreign: number;
  readonly unmatched: UnmatchedRecord;
  readonly faults: readonly FaultRecord[];
  /** Handled during load. */
  readonly handledInLoad: number;
  /** Clients that their driver, a module of the user's, failed, which are not judged, and what it threw. */
  readonly broken: readonly { readonly client: number; readonly why: string }[];
  /** Clients away for good, on purpose. */
  readonly gone: readonly number[];
  /** Clients with a socket that a newer one took over from and that the server never closed. */
  readonly twoOwners: readonly number[];
  /** Clients whose only connection the server closed for another owner of their session, and when last. */
  readonly takenOver: readonly (readonly [client: number, atUs: number])[];
  /** Clients that did not back off. */
  readonly missingBackoffs: readonly (MissingBackoff & { readonly client: number })[];
  /** Clients that the server asked to pause and did not ask to go on, and how many messages of theirs wait. */
  readonly paused: readonly (readonly [client: number, waiting: number])[];
  /** By profile, in the order of the scenario: acks that left, and messages handled that had to be acked. */
  readonly acks: readonly { readonly frames: number; readonly messages: number }[];
  /** What clients sent; absent when none was to send anything. */
  readonly upstream?: PublishLogRecord;
}
