import type { ClassicLevel } from 'classic-level';
import type { Store, StoreBatch, StoreEvents, StoreFailure } from '../broadcaster/durable/store.ts';

/** Between two tries to open the database again after a failed write. */
const REOPEN_MS = 250;
/** A store that was closed a moment ago holds its lock until its last write has ended. */
const LOCKED_MAX_MS = 5000;
const LOCKED_RETRY_MS = 25;
/** Entries read at a time on recovery. */
const READ_MAX = 1000;
/** Digits of a position in a key, so that keys sort as positions do. */
const POSITION_DIGITS = 16;

const EPOCH_KEY = 'm:epoch';
const HEAD_KEY = 'm:head';

type Level = ClassicLevel<string, string>;
type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'del'; readonly key: string };

/**
 * A store in a directory: the embedded database LevelDB by the package `classic-level`, with synchronous batches.
 *
 * Keys: `l:<position>` a record, `s:<id>` a snapshot, `m:epoch`, and `m:head`, the highest position given so far.
 *
 * After a failed write LevelDB reports later writes as done that are gone after a reopen. Therefore the database is
 * closed and opened again before anything else is written, and records left behind by the failed write are deleted.
 */
export class DiskStore implements Store {
  readonly #dir: string;
  readonly #newEpoch: () => string;
  #level: Level | undefined = undefined;
  #events: StoreEvents | undefined = undefined;
  /** Highest position of the records that are durable. */
  #head = 0;
  #reopening: StoreFailure | undefined = undefined;
  #trimming = false;
  /** Settles with the outcome of the newest batch. */
  #written: Promise<StoreFailure | undefined> = Promise.resolve(undefined);

  /**
   * @param options - `dir`: made where it is missing, used by one process at a time; `newEpoch`: names the lifetime
   *   that begins with an empty directory
   */
  constructor({ dir, newEpoch }: { readonly dir: string; readonly newEpoch: () => string }) {
    this.#dir = dir;
    this.#newEpoch = newEpoch;
  }

  open(events: StoreEvents): void {
    this.#events = events;
    this.#open().catch((error: unknown) => this.#events?.onFailed(failureOf(error)));
  }

  write(batch: StoreBatch, done: (failure: StoreFailure | undefined) => void): void {
    this.#written = this.#written
      .then(() => this.#write(batch))
      .catch((error: unknown) => this.#reopen(failureOf(error)));
    void this.#written.then((failure) => {
      if (this.#events !== undefined) done(failure);
    });
  }

  close(): void {
    this.#events = undefined;
    void this.#level?.close().catch(() => undefined);
  }

  async #open(): Promise<void> {
    const level = await openLevel(this.#dir);
    this.#level = level;
    const known = await level.get(EPOCH_KEY);
    const epoch = known ?? this.#newEpoch();
    if (known === undefined) await level.put(EPOCH_KEY, epoch, { sync: true });
    this.#head = Number((await level.get(HEAD_KEY)) ?? 0);
    await eachEntry(level, 's:', (id, text) => this.#events?.onSnapshot(id, text));
    await eachEntry(level, 'l:', (position, text) => this.#events?.onRecord(Number(position), text));
    this.#events?.onOpened({ epoch, recovered: known !== undefined, head: this.#head });
  }

  async #write({ records, snapshots, keepFrom }: StoreBatch): Promise<StoreFailure | undefined> {
    const level = this.#level;
    if (level === undefined) return { code: 'unavailable', message: 'the store is not open' };
    if (this.#reopening !== undefined) return this.#reopening;
    const first = this.#head + 1;
    const head = this.#head + records.length;
    const operations: Operation[] = records.map((text, index) => put(logKey(first + index), text));
    if (head > this.#head) operations.push(put(HEAD_KEY, String(head)));
    for (const { id, text } of snapshots) {
      operations.push(text === undefined ? { type: 'del', key: `s:${id}` } : put(`s:${id}`, text));
    }
    await level.batch(operations, { sync: true });
    this.#head = head;
    for (const [index, text] of records.entries()) this.#events?.onRecord(first + index, text);
    if (keepFrom !== undefined) this.#trim(level, keepFrom);
    return undefined;
  }

  /** Deletes in the background; a crash in between leaves records that the next trim deletes. */
  #trim(level: Level, keepFrom: number): void {
    if (this.#trimming) return;
    this.#trimming = true;
    level
      .clear({ gte: 'l:', lt: logKey(keepFrom) })
      .catch((error: unknown) => void this.#reopen(failureOf(error)))
      .finally(() => {
        this.#trimming = false;
      });
  }

  /** Writes are refused with `failure` until the database is open again and has room. */
  #reopen(failure: StoreFailure): StoreFailure {
    if (this.#reopening === undefined) {
      this.#reopening = failure;
      void this.#tryToReopen();
    }
    return failure;
  }

  async #tryToReopen(): Promise<void> {
    const level = this.#level;
    if (level === undefined || this.#events === undefined) return;
    try {
      await level.close();
      await level.open();
      await this.#dropRecordsBeyondHead(level);
      this.#reopening = undefined;
    } catch (error) {
      this.#reopening = failureOf(error);
      setTimeout(() => void this.#tryToReopen(), REOPEN_MS).unref();
    }
  }

  /** A failed batch may have reached the file all the same; its publishers were refused. */
  async #dropRecordsBeyondHead(level: Level): Promise<void> {
    await level.clear({ gt: logKey(this.#head), lt: 'l;' });
    await level.put(HEAD_KEY, String(this.#head), { sync: true });
  }
}

/** @throws {Error} when the package is not installed, or another process has the directory, or it can't be written */
async function openLevel(dir: string): Promise<Level> {
  const { ClassicLevel } = await import('classic-level').catch(() => {
    throw new Error(
      'Cannot open a store on disk: its database is not installed, `npm install classic-level` is wanted',
    );
  });
  const level: Level = new ClassicLevel(dir);
  for (let leftMs = LOCKED_MAX_MS; ; leftMs -= LOCKED_RETRY_MS) {
    try {
      await level.open();
      return level;
    } catch (error) {
      const { code, message } = reasonOf(error);
      if (code !== 'LEVEL_LOCKED' || leftMs <= 0)
        throw new Error(`Cannot open a store in ${dir}: ${message}`);
      await new Promise((resolve) => setTimeout(resolve, LOCKED_RETRY_MS));
    }
  }
}

async function eachEntry(
  level: Level,
  prefix: string,
  take: (rest: string, text: string) => void,
): Promise<void> {
  const iterator = level.iterator({ gte: prefix, lt: `${prefix.slice(0, -1)};` });
  try {
    for (;;) {
      const entries = await iterator.nextv(READ_MAX);
      if (entries.length === 0) return;
      for (const [key, text] of entries) take(key.slice(prefix.length), text);
    }
  } finally {
    await iterator.close();
  }
}

function put(key: string, value: string): Operation {
  return { type: 'put', key, value };
}

function logKey(position: number): string {
  return `l:${String(position).padStart(POSITION_DIGITS, '0')}`;
}

/** The error of the database itself, where there is one behind an error. */
function reasonOf(error: unknown): { readonly code: string | undefined; readonly message: string } {
  const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(reason instanceof Error)) return { code: undefined, message: String(reason) };
  return { code: (reason as NodeJS.ErrnoException).code, message: reason.message };
}

function failureOf(error: unknown): StoreFailure {
  const { message } = reasonOf(error);
  return { code: /No space left/.test(message) ? 'no-space' : 'failed', message };
}
