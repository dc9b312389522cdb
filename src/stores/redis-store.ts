import type { RedisClientType } from '@redis/client';
import type { Store, StoreBatch, StoreEvents, StoreFailure } from '../broadcaster/durable/store.ts';
import { APPEND_SCRIPT, BEGIN_SCRIPT } from './redis-script.ts';

/** A record arrives at the latest this much after it was written, where its wake-up was lost. */
const POLL_MS = 1000;
/** Records and snapshots read at a time. */
const READ_MAX = 1000;
const RECONNECT_MAX_MS = 1000;

const UNAVAILABLE: StoreFailure = { code: 'unavailable', message: 'Redis can not be reached' };
const BEGUN_ANEW: StoreFailure = { code: 'failed', message: 'Redis has lost what was stored' };

export interface RedisStoreOptions {
  /** `redis://` or `rediss://`. */
  readonly url: string;
  /** Stores of several names live beside each other in one database. */
  readonly name: string;
  /** Differs between the nodes that share the store, and between incarnations of a node. */
  readonly node: string;
  /** Names the lifetime that begins with an empty store. */
  readonly newEpoch: () => string;
}

/**
 * A store in Redis, shared by all nodes that use its name.
 *
 * The stream is the truth: every node reads it in order, its own records included. Pub/Sub only wakes it, and a poll
 * finds whatever a lost wake-up was for. A batch whose answer was lost with its connection is sent again under its
 * number until Redis has answered it, so that it is written exactly once.
 */
export class RedisStore implements Store {
  readonly #options: RedisStoreOptions;
  /** In the order in which the scripts take them. */
  readonly #keys: readonly [log: string, head: string, sessions: string, ...rest: string[]];
  readonly #epochKey: string;
  readonly #channel: string;
  #client: RedisClientType | undefined = undefined;
  #subscriber: RedisClientType | undefined = undefined;
  #events: StoreEvents | undefined = undefined;
  #epoch = '';
  /** Position of the last record handed over, and its text, by which a store that went back is known. */
  #applied = 0;
  #appliedText: string | undefined = undefined;
  #batches = 0;
  #written: Promise<StoreFailure | undefined> = Promise.resolve(undefined);
  /** Settles when everything that was asked for has been read. */
  #read: Promise<void> = Promise.resolve();
  #reads = 0;
  #poll: NodeJS.Timeout | undefined = undefined;

  constructor(options: RedisStoreOptions) {
    this.#options = options;
    const prefix = `wsdeliver:{${options.name}}:`;
    this.#epochKey = `${prefix}epoch`;
    this.#channel = `${prefix}wake`;
    const [log, head, sessions] = [`${prefix}log`, `${prefix}head`, `${prefix}sessions`];
    this.#keys = [log, head, sessions, `${prefix}generations`, `${prefix}batches`, this.#epochKey];
  }

  open(events: StoreEvents): void {
    this.#events = events;
    this.#open().catch((error: unknown) => {
      const failing = this.#events;
      this.close();
      failing?.onFailed(failureOf(error));
    });
  }

  write(batch: StoreBatch, done: (failure: StoreFailure | undefined) => void): void {
    this.#batches += 1;
    const number = this.#batches;
    this.#written = this.#written.then(() => this.#write(batch, number)).catch(failureOf);
    void this.#written.then((failure) => {
      if (this.#events !== undefined) done(failure);
    });
  }

  close(): void {
    this.#events = undefined;
    clearInterval(this.#poll);
    for (const client of [this.#client, this.#subscriber]) if (client?.isOpen) client.destroy();
  }

  async #open(): Promise<void> {
    const { url } = this.#options;
    const client = await newClient(url);
    this.#client = client;
    await firstConnection(client, url);
    const known = await client.get(this.#epochKey);
    this.#epoch = await this.#begin(client, known ?? '', known ?? this.#options.newEpoch());
    // Records may all have been deleted, and then no position is below the head.
    const head = Number((await client.get(this.#keys[1])) ?? 0);
    await this.#readSnapshots(client);
    await this.#readRecords(client);
    this.#applied = Math.max(this.#applied, head);
    client.on('ready', () => void this.#checkContinuity(client).catch(() => undefined));
    const subscriber = client.duplicate();
    this.#subscriber = subscriber;
    subscriber.on('error', () => undefined);
    await subscriber.connect();
    await subscriber.subscribe(this.#channel, () => this.#wake(client));
    this.#poll = setInterval(() => this.#wake(client), POLL_MS);
    this.#events?.onOpened({ epoch: this.#epoch, recovered: known !== null, head: this.#applied });
  }

  async #write(batch: StoreBatch, number: number): Promise<StoreFailure | undefined> {
    const client = this.#client;
    if (client === undefined || !client.isReady) return UNAVAILABLE;
    const epoch = this.#epoch;
    const first = await this.#append(client, batch, number);
    if (first === undefined || epoch !== this.#epoch) return BEGUN_ANEW;
    if (batch.records.length > 0) await this.#readTo(client, Number(first) + batch.records.length - 1);
    return undefined;
  }

  /** @returns position of its first record; undefined when another lifetime has begun */
  async #append(client: RedisClientType, batch: StoreBatch, number: number): Promise<number | undefined> {
    const { records, snapshots, keepFrom = 0 } = batch;
    const options = {
      keys: [...this.#keys],
      arguments: [
        ...[this.#epoch, this.#options.node, number, this.#channel, keepFrom, records.length].map(String),
        ...records,
        ...snapshots.flatMap(({ id, generation, text = '' }) => [id, String(generation), text]),
      ],
    };
    for (let unanswered = false; this.#events !== undefined; ) {
      try {
        const answer = await client.eval(APPEND_SCRIPT, options);
        if (answer !== 'epoch') return Number(answer);
        await this.#checkContinuity(client);
        return undefined;
      } catch (error) {
        if (isRefusal(error) && !unanswered) throw error;
        unanswered ||= !isRefusal(error);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS / 20));
      }
    }
    return undefined;
  }

  #wake(client: RedisClientType): void {
    // A read that has not begun yet will find it.
    if (this.#reads > 1) return;
    this.#reads += 1;
    this.#read = this.#read
      .then(() => this.#readRecords(client))
      .catch(() => undefined)
      .finally(() => {
        this.#reads -= 1;
      });
  }

  async #readTo(client: RedisClientType, position: number): Promise<void> {
    while (this.#applied < position && this.#events !== undefined) {
      this.#wake(client);
      await this.#read;
      if (!client.isReady) await new Promise((resolve) => setTimeout(resolve, POLL_MS / 20));
    }
  }

  async #readSnapshots(client: RedisClientType): Promise<void> {
    let cursor = '0';
    do {
      const page = await client.hScan(this.#keys[2], cursor, { COUNT: READ_MAX });
      cursor = page.cursor;
      for (const { field, value } of page.entries) this.#events?.onSnapshot(field, value);
    } while (cursor !== '0');
  }

  async #readRecords(client: RedisClientType): Promise<void> {
    for (;;) {
      const from = `${this.#applied + 1}-0`;
      const entries = (await client.xRange(this.#keys[0], from, '+', { COUNT: READ_MAX })) ?? [];
      for (const { id, message } of entries) {
        const text = message.r ?? '';
        this.#applied = Number.parseInt(id, 10);
        this.#appliedText = text;
        this.#events?.onRecord(this.#applied, text);
      }
      if (entries.length < READ_MAX) return;
    }
  }

  /** After a reconnect: Redis may have come up without its last second, or without anything. */
  async #checkContinuity(client: RedisClientType): Promise<void> {
    const before = this.#epoch;
    const [epoch, head, entries] = await Promise.all([
      client.get(this.#epochKey),
      client.get(this.#keys[1]),
      client.xRange(this.#keys[0], `${this.#applied}-0`, `${this.#applied}-0`),
    ]);
    const wentBack = Number(head ?? 0) < this.#applied;
    const entry = entries?.[0];
    const differs =
      this.#appliedText !== undefined && entry !== undefined && entry.message.r !== this.#appliedText;
    if (epoch === before && !wentBack && !differs) {
      this.#wake(client);
      return;
    }
    const now = epoch === before || epoch === null ? this.#options.newEpoch() : epoch;
    this.#epoch = await this.#begin(client, epoch ?? '', now);
    if (this.#epoch === before) return;
    this.#applied = 0;
    this.#appliedText = undefined;
    this.#events?.onLost(this.#epoch);
    this.#wake(client);
  }

  async #begin(client: RedisClientType, ended: string, begun: string): Promise<string> {
    if (ended === begun) return begun;
    return String(await client.eval(BEGIN_SCRIPT, { keys: [...this.#keys], arguments: [ended, begun] }));
  }
}

/** @throws {Error} when the package is not installed */
async function newClient(url: string): Promise<RedisClientType> {
  const { createClient } = await import('@redis/client').catch(() => {
    throw new Error(
      'Cannot keep a store in Redis: its client is not installed, `npm install @redis/client` is wanted',
    );
  });
  const reconnectStrategy = (retries: number): number => Math.min(25 * 2 ** retries, RECONNECT_MAX_MS);
  return createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy } }) as RedisClientType;
}

/** Connects, and gives up at the first failure: nobody waits for an address that was wrong from the start. */
async function firstConnection(client: RedisClientType, url: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    client.once('error', reject);
    client.on('error', () => undefined);
    client.connect().then(() => resolve(), reject);
  }).catch((error: unknown) => {
    const why = error instanceof Error ? error.message || error.name : String(error);
    throw new Error(`Cannot keep a store in Redis at ${url.replace(/\/\/[^@/]*@/, '//***@')}: ${why}`);
  });
}

/** Whether Redis has refused a script, so that it has written nothing; while it loads its data it will do so later. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error) || error.message.startsWith('LOADING')) return false;
  return /^(?:ErrorReply|SimpleError|BlobError)$/.test(error.constructor.name);
}

function failureOf(error: unknown): StoreFailure {
  const message = error instanceof Error ? error.message : String(error);
  return { code: /^(?:OOM|MISCONF)/.test(message) ? 'no-space' : 'failed', message };
}
