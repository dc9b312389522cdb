import { Series, type SeriesSummary } from '../measure/series.ts';
import type { Clock } from '../protocol/ports.ts';
import { formatBytes, formatDuration } from '../scenario/quantity.ts';
import type { ServerSettings } from '../scenario/schema.ts';
import type { ProcessWatch } from './process-use.ts';
import type { ReferenceServer } from './reference-server.ts';

const INTERVAL_MS = 100;
/** Walking over all sessions costs time on the server's own event loop: no more often than this many per second. */
const SESSIONS_PER_SEC_MAX = 20_000;
/** An outbox this full is worth a warning. */
const PENDING_WARN_RATIO = 0.8;
const EVENT_LOOP_WARN_US = 50_000;

export interface Alert {
  readonly name: string;
  readonly count: number;
  readonly firstAtMs: number;
  readonly detail: string;
}

/** What the server holds, over time: outboxes, socket buffers, event loop, memory. */
export class Sampler {
  readonly #series: {
    readonly pending: Series;
    readonly total: Series;
    readonly bufferMax: Series;
    readonly bufferTotal: Series;
    readonly delay: Series;
    readonly rss: Series;
  };
  readonly #server: ReferenceServer;
  readonly #watch: ProcessWatch;
  readonly #clock: Clock;
  readonly #firstOver = new Map<Series, { firstUs: number; count: number }>();
  readonly #limits: ReadonlyMap<Series, number>;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    readonly server: ReferenceServer;
    readonly watch: ProcessWatch;
    readonly clock: Clock;
    readonly settings: ServerSettings;
  }) {
    this.#server = options.server;
    this.#watch = options.watch;
    this.#clock = options.clock;
    const { outbox, buffer } = options.settings;
    const pendingWarning = Math.floor(outbox.maxPending * PENDING_WARN_RATIO);
    this.#series = {
      pending: new Series({ name: 'outbox.pending', unit: 'messages', warning: pendingWarning }),
      total: new Series({ name: 'outbox.total', unit: 'messages' }),
      bufferMax: new Series({ name: 'buffer.max', unit: 'bytes', warning: buffer.warn }),
      bufferTotal: new Series({ name: 'buffer.total', unit: 'bytes' }),
      delay: new Series({ name: 'eventLoopDelay', unit: 'us', warning: EVENT_LOOP_WARN_US }),
      rss: new Series({ name: 'rss', unit: 'bytes' }),
    };
    this.#limits = new Map([
      [this.#series.pending, pendingWarning],
      [this.#series.bufferMax, buffer.warn],
      [this.#series.delay, EVENT_LOOP_WARN_US],
    ]);
  }

  start(clients: number): void {
    const intervalMs = Math.max(INTERVAL_MS, (clients * 1000) / SESSIONS_PER_SEC_MAX);
    this.#timer = setInterval(() => this.sample(), intervalMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  sample(): void {
    const load = this.#server.load();
    const { pending, total, bufferMax, bufferTotal, delay, rss } = this.#series;
    this.#add(delay, this.#watch.takeDelayUs());
    this.#add(rss, process.memoryUsage.rss());
    if (load === undefined) return;
    this.#add(pending, load.pendingMax);
    this.#add(total, load.pendingTotal);
    this.#add(bufferMax, load.bufferBytesMax);
    this.#add(bufferTotal, load.bufferBytesTotal);
  }

  /** The last sample: only sessions whose client is connected, since the others are not to come back to zero. */
  finish(): void {
    this.stop();
    const live = this.#server.pendingSessions();
    this.#add(this.#series.pending, live.reduce((most, session) => Math.max(most, session.pending), 0));
    this.#add(this.#series.total, live.reduce((sum, session) => sum + session.pending, 0));
  }

  /** @param originUs - start of load, from which the points count */
  summarise(originUs: number): Record<string, SeriesSummary> {
    return Object.fromEntries(Object.values(this.#series).map((series) => [series.name, series.summarise(originUs)]));
  }

  alerts(originUs: number): Alert[] {
    return [...this.#firstOver].map(([series, { firstUs, count }]) => ({
      name: series.name,
      count,
      firstAtMs: (firstUs - originUs) / 1000,
      detail: `over ${inWords(series, this.#limits.get(series) ?? 0)}`,
    }));
  }

  #add(series: Series, value: number): void {
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
