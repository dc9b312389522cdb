/**
 * The port of a store that survives the process of its server: one log of records, in one order, and one snapshot for
 * each session. The broadcaster's state is what its snapshots and the records behind them make it, so a store knows
 * nothing of messages and sessions.
 */
export interface Store {
  /**
   * Opens the store and hands over what survived: snapshots, then records in the order of their positions, then
   * `onOpened`. Called once. A store that can't be opened calls `onFailed` and nothing else.
   */
  open(events: StoreEvents): void;
  /**
   * Makes a batch durable, all of it or nothing. Batches take effect in the order of the calls.
   *
   * `done` is called once, after the `onRecord` calls of the batch's own records; with a failure, nothing of the batch
   * was written. It is not called after `close`.
   */
  write(batch: StoreBatch, done: (failure: StoreFailure | undefined) => void): void;
  /** Stops at once, as a crash would: no event follows, and a batch in flight is written or not. */
  close(): void;
}

export interface StoreBatch {
  /** Texts; the store gives them the next positions, in this order. */
  readonly records: readonly string[];
  readonly snapshots: readonly Snapshot[];
  /** Records at lower positions may be deleted. */
  readonly keepFrom?: number;
}

export interface Snapshot {
  readonly id: string;
  /** Absent: the snapshot is deleted. */
  readonly text?: string;
  /** A snapshot of an older generation than the one stored is left out: its session has another owner by now. */
  readonly generation: number;
}

export interface StoreEvents {
  onSnapshot(id: string, text: string): void;
  /**
   * A record is durable. Positions grow, without holes but for records that were deleted.
   *
   * @param position - from 1
   */
  onRecord(position: number, text: string): void;
  onOpened(opened: StoreOpened): void;
  /** The store can't be opened. */
  onFailed(failure: StoreFailure): void;
  /** The store has lost records that it had handed over: another epoch has begun, and it is empty. */
  onLost(epoch: string): void;
}

export interface StoreOpened {
  /** Names the lifetime of the stored data; it outlives crashes. */
  readonly epoch: string;
  /** Whether the store held a lifetime before. */
  readonly recovered: boolean;
  /** Position of the newest record, 0 where there was none yet. */
  readonly head: number;
}

export interface StoreFailure {
  /** `no-space`: as long as nobody makes room; `unavailable`: until the store can be reached again. */
  readonly code: 'no-space' | 'unavailable' | 'failed';
  readonly message: string;
}
