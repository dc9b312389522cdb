import { Series, type SeriesSummary } from '../measure/series.ts';
import { type Clock, Timer, type Timers } from '../protocol/ports.ts';
import { formatBytes, formatDuration } from '../scenario/quantity.ts';
import type { ServerSettings } from '../scenario/schema.ts';
import type { ReferenceServer } from './reference-server.ts';

const INTERVAL_MS = 100;
/** Walking over all sessions costs time on the server's own event loop: no more often than this many per second. */
const SESSIONS_PER_SEC_MAX = 20_000;
/** Outboxes this full are worth a warning. */
const PENDING_WARN_RATIO = 0.8;
const EVENT_LOOP_WARN_US = 50_000;

export interface Alert {
  readonly name: string;
  readonly count: number;
  readonly firstAtMs: number;
  readonly detail: string;
}

/** The process in which the server lives, where there is one. */
export interface SampledProcess {
  /** Largest delay of the event loop since this was last asked, µs. */
  takeDelayUs(): number;
  rssBytes(): number;
  /** Heap in use right after a full collection; undefined when there was none since this was last asked. */
  takeHeapAfterGcBytes(): number | undefined;
  /** Timers waiting to fire. */
  armedTimers(): number;
}

/** What the server holds, over time: outboxes and socket buffers, and of its process event loop and memory. */
export class Sampler {
  readonly #pending: Series;
  readonly #total: Series;
  readonly #bytes: Series;
  readonly #bufferMax: Series;
  readonly #bufferTotal: Series;
  readonly #delay: Series | undefined;
  readonly #rss: Series | undefined;
  readonly #timersArmed: Series | undefined;
  readonly #heapAfterGc: Series | undefined;
  readonly #sessions = new Series({ name: 'sessions', unit: 'sessions' });
  readonly #server: ReferenceServer;
  readonly #process: SampledProcess | undefined;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #timer: Timer;
  readonly #firstOver = new Map<Series, { firstUs: number; count: number }>();
  readonly #limits: ReadonlyMap<Series | undefined, number>;
  #intervalMs = INTERVAL_MS;
  #pendingMax = 0;
  #outboxBytesMax = 0;
  #outboxBytesTotalMax = 0;
  #bufferBytesMax = 0;

  /** @param options - `process` absent: the run takes place in virtual time */
  constructor(options: {
    readonly server: ReferenceServer;
    readonly process?: SampledProcess;
    readonly clock: Clock;
    readonly timers: Timers;
    readonly settings: ServerSettings;
  }) {
    this.#server = options.server;
    this.#process = options.process;
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#timer = new Timer(() => this.#tick());
    const { outbox, buffer } = options.settings;
    const pendingWarning = Math.floor(outbox.maxPending * PENDING_WARN_RATIO);
    this.#pending = new Series({ name: 'outbox.pending', unit: 'messages', warning: pendingWarning });
    this.#total = new Series({ name: 'outbox.total', unit: 'messages' });
    const bytesWarning = Math.floor(outbox.maxBytesTotal * PENDING_WARN_RATIO);
    this.#bytes = new Series({ name: 'outbox.bytes', unit: 'bytes', warning: bytesWarning });
    this.#bufferMax = new Series({ name: 'buffer.max', unit: 'bytes', warning: buffer.warn });
    this.#bufferTotal = new Series({ name: 'buffer.total', unit: 'bytes' });
    if (options.process !== undefined) {
      this.#delay = new Series({ name: 'eventLoopDelay', unit: 'us', warning: EVENT_LOOP_WARN_US });
      this.#rss = new Series({ name: 'rss', unit: 'bytes' });
      this.#heapAfterGc = new Series({ name: 'heapAfterGc', unit: 'bytes' });
      this.#timersArmed = new Series({ name: 'timers', unit: 'timers' });
    }
    this.#limits = new Map([
      [this.#pending, pendingWarning],
      [this.#bytes, bytesWarning],
      [this.#bufferMax, buffer.warn],
      [this.#delay, EVENT_LOOP_WARN_US],
    ]);
  }

  /** Fullest outbox seen, messages. */
  get pendingMax(): number {
    return this.#pendingMax;
  }

  /** Fullest outbox seen, bytes. */
  get outboxBytesMax(): number {
    return this.#outboxBytesMax;
  }

  /** Most that all outboxes were seen to hold together. */
  get outboxBytesTotalMax(): number {
    return this.#outboxBytesTotalMax;
  }

  /** Fullest socket buffer seen. */
  get bufferBytesMax(): number {
    return this.#bufferBytesMax;
  }

  /** @param leastMs - shortest time between two samples, where they are worth less than the time they cost */
  start(clients: number, leastMs = INTERVAL_MS): void {
    this.#intervalMs = Math.max(INTERVAL_MS, leastMs, (clients * 1000) / SESSIONS_PER_SEC_MAX);
    this.#timers.arm(this.#timer, this.#intervalMs);
  }

  stop(): void {
    this.#timers.disarm(this.#timer);
  }

  /** Slopes count from now on. */
  startLoad(): void {
    for (const series of this.#all) series.startTrend();
  }

  /** Slopes count no further. */
  endLoad(): void {
    for (const series of this.#all) series.endTrend();
  }

  sample(): void {
    if (this.#process !== undefined) {
      this.#add(this.#delay, this.#process.takeDelayUs());
      this.#add(this.#rss, this.#process.rssBytes());
      this.#add(this.#timersArmed, this.#process.armedTimers());
      const heapBytes = this.#process.takeHeapAfterGcBytes();
      if (heapBytes !== undefined) this.#add(this.#heapAfterGc, heapBytes);
    }
    const load = this.#server.load();
    if (load === undefined) return;
    this.#pendingMax = Math.max(this.#pendingMax, load.pendingMax);
    this.#outboxBytesMax = Math.max(this.#outboxBytesMax, load.outboxBytesMax);
    this.#outboxBytesTotalMax = Math.max(this.#outboxBytesTotalMax, load.outboxBytesTotal);
    this.#bufferBytesMax = Math.max(this.#bufferBytesMax, load.bufferBytesMax);
    this.#add(this.#sessions, load.sessions);
    this.#add(this.#pending, load.pendingMax);
    this.#add(this.#total, load.pendingTotal);
    this.#add(this.#bytes, load.outboxBytesTotal);
    this.#add(this.#bufferMax, load.bufferBytesMax);
    this.#add(this.#bufferTotal, load.bufferBytesTotal);
  }

  /** The last sample: only sessions whose client is connected, since the others are not to come back to zero. */
  finish(): void {
    this.stop();
    const load = this.#server.load();
    if (load !== undefined) this.#add(this.#sessions, load.sessions);
    const live = this.#server.pendingSessions();
    this.#add(
      this.#pending,
      live.reduce((most, session) => Math.max(most, session.pending), 0),
    );
    this.#add(
      this.#total,
      live.reduce((sum, session) => sum + session.pending, 0),
    );
  }

  /** @param originUs - start of load, from which the points count */
  summarise(originUs: number): Record<string, SeriesSummary> {
    return Object.fromEntries(this.#all.map((series) => [series.name, series.summarise(originUs)]));
  }

  alerts(originUs: number): Alert[] {
    return [...this.#firstOver].map(([series, { firstUs, count }]) => ({
      name: series.name,
      count,
      firstAtMs: (firstUs - originUs) / 1000,
      detail: `over ${inWords(series, this.#limits.get(series) ?? 0)}`,
    }));
  }

  get #all(): readonly Series[] {
    const held = [
      this.#pending,
      this.#total,
      this.#bytes,
      this.#bufferMax,
      this.#bufferTotal,
      this.#sessions,
    ];
    return [...held, this.#delay, this.#rss, this.#heapAfterGc, this.#timersArmed].filter(
      (series) => series !== undefined,
    );
  }

  #tick(): void {
    this.sample();
    this.#timers.arm(this.#timer, this.#intervalMs);
  }

  #add(series: Series | undefined, value: number): void {
    if (series === undefined) return;
    const nowUs = this.#clock.nowUs();
    const limit = this.#limits.get(series);
    if (limit !== undefined && value > limit && series.final <= limit) {
      const known = this.#firstOver.get(series);
      if (known === undefined) this.#firstOver.set(series, { firstUs: nowUs, count: 1 });
      else known.count += 1;
    }
    series.add(nowUs, value);
  }
}

function inWords({ name }: Series, limit: number): string {
  if (name === 'eventLoopDelay') return formatDuration(limit / 1000);
  return name === 'outbox.pending' ? `${limit} messages` : formatBytes(limit);
}
