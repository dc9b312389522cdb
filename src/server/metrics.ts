import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { COUNTER_NAMES, type CounterName, prometheusMetric } from '../broadcaster/counter.ts';
import type { DeadLetters } from '../broadcaster/dead-letters.ts';
import type { Load, SessionState } from '../broadcaster/load.ts';
import type { Statistics } from '../broadcaster/statistics.ts';
import type { TypeCounters } from '../broadcaster/type-counters.ts';

/** Clients that have a line of their own unless told otherwise; each costs the monitoring a time series. */
export const METRICS_CLIENTS = 20;
const OTHER_CLIENTS = 'other';

type OutboxDepth = Pick<SessionState, 'clientId' | 'pending'>;

/** What is measured: a broadcaster, or the server of a run over its restarts. */
export interface MetricsSource {
  readonly statistics: Statistics;
  readonly types: TypeCounters;
  readonly deadLetters: DeadLetters;
  readonly waitingPublishes: number;
  /** Absent while the server is down. */
  load(): Load | undefined;
  sessionStates(): Iterable<OutboxDepth>;
}

export interface MetricsOptions {
  /** Absent while there is nothing to measure, as between two runs. */
  readonly source: () => MetricsSource | undefined;
  /** Duplicates that simulated clients did not handle again. */
  readonly deduplicatedByClients?: () => number;
  /** Clients with a line of their own, by depth of their outbox. */
  readonly clients: number | 'all';
}

/**
 * Metrics for Prometheus, in a registry of their own.
 *
 * Nothing is counted for them alone: a scrape reads the counters that are there anyway, and walks over the sessions
 * once.
 */
export class Metrics {
  readonly #registry = new Registry();
  /** Those filled at each scrape; the standard ones of the process keep their own books. */
  readonly #own: { reset(): void }[] = [];
  readonly #options: MetricsOptions;
  readonly #outboxPending = this.#gauge('ws_outbox_pending', 'Messages not acked yet, by client', ['client']);
  readonly #failed = this.#counter('ws_delivery_failed_total', 'Messages given up for a client', ['type']);
  readonly #connections = this.#gauge('ws_connections', 'Open connections');
  readonly #healthy = this.#gauge('ws_connections_healthy', 'Connections that answered their last ping');
  readonly #sessions = this.#gauge('ws_sessions', 'Sessions, by whether their client is there', ['state']);
  readonly #bufferBytes = this.#gauge(
    'ws_buffer_bytes',
    'Bytes handed to sockets and not taken by the kernel',
  );
  readonly #bufferBytesMax = this.#gauge('ws_buffer_max_bytes', 'The same, of the fullest socket');
  readonly #outboxBytes = this.#gauge(
    'ws_outbox_bytes',
    'Bytes of the messages in all outboxes; one that several hold counts once',
  );
  readonly #outboxBytesMax = this.#gauge('ws_outbox_max_bytes', 'Bytes of the fullest outbox');
  readonly #waiting = this.#gauge('ws_publishes_waiting', 'Publishes that wait for room in an outbox');
  readonly #counters = COUNTER_NAMES.map((name) => ({ name, counter: this.#counterOf(name) }));
  readonly #deduplicated = this.#counterOf('dedupRejected');

  constructor(options: MetricsOptions) {
    this.#options = options;
    collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text that a scrape gets. */
  async text(): Promise<string> {
    this.#refresh();
    return this.#registry.metrics();
  }

  #refresh(): void {
    for (const metric of this.#own) metric.reset();
    const source = this.#options.source();
    if (source === undefined) return;
    for (const { name, counter } of this.#counters) {
      for (const [labels, count] of samplesOf(name, source)) counter.inc(labels, count);
    }
    this.#deduplicated.inc(this.#options.deduplicatedByClients?.() ?? 0);
    for (const [type, count] of source.types.failed) this.#failed.inc({ type }, count);
    this.#waiting.set(source.waitingPublishes);
    this.#refreshLoad(source.load());
    this.#refreshOutboxes(source);
  }

  #refreshLoad(load: Load | undefined): void {
    this.#connections.set(load?.connections ?? 0);
    this.#healthy.set(load?.healthy ?? 0);
    this.#sessions.set({ state: 'connected' }, (load?.sessions ?? 0) - (load?.absent ?? 0));
    this.#sessions.set({ state: 'absent' }, load?.absent ?? 0);
    this.#outboxBytes.set(load?.outboxBytesTotal ?? 0);
    this.#outboxBytesMax.set(load?.outboxBytesMax ?? 0);
    this.#bufferBytes.set(load?.bufferBytesTotal ?? 0);
    this.#bufferBytesMax.set(load?.bufferBytesMax ?? 0);
  }

  #refreshOutboxes(source: MetricsSource): void {
    const { clients } = this.#options;
    const { deepest, rest } = deepestOf(
      source.sessionStates(),
      clients === 'all' ? Number.POSITIVE_INFINITY : clients,
    );
    for (const { clientId, pending } of deepest) this.#outboxPending.inc({ client: clientId }, pending);
    if (clients !== 'all') this.#outboxPending.inc({ client: OTHER_CLIENTS }, rest);
  }

  #gauge(name: string, help: string, labelNames: string[] = []): Gauge<string> {
    const gauge = new Gauge({ name, help, labelNames, registers: [this.#registry] });
    this.#own.push(gauge);
    return gauge;
  }

  /** Several counters of the broadcaster may be samples of one metric. */
  #counterOf(name: CounterName): Counter<string> {
    const { name: metric, help, label } = prometheusMetric(name);
    const known = this.#registry.getSingleMetric(metric) as Counter<string> | undefined;
    return known ?? this.#counter(metric, help, label === undefined ? [] : [label]);
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter<string> {
    const counter = new Counter({ name, help, labelNames, registers: [this.#registry] });
    this.#own.push(counter);
    return counter;
  }
}

type Sample = readonly [labels: Record<string, string>, count: number];

/** Counters that are kept by a label as well. */
const BY_LABEL: Readonly<
  Partial<Record<CounterName, (source: MetricsSource) => Iterable<readonly [string, number]>>>
> = {
  resent: ({ types }) => types.resent,
  deadLetters: ({ deadLetters }) => Object.entries(deadLetters.byReason),
};

function samplesOf(name: CounterName, source: MetricsSource): readonly Sample[] {
  const { label, value } = prometheusMetric(name);
  const count = source.statistics[name];
  if (label === undefined) return [[{}, count]];
  if (value !== undefined) return [[{ [label]: value }, count]];
  return [...(BY_LABEL[name]?.(source) ?? [])].map(([each, part]) => [{ [label]: each }, part]);
}

/** The sessions with the deepest outboxes, and how much the others hold together. */
export function deepestOf(
  states: Iterable<OutboxDepth>,
  count: number,
): { readonly deepest: readonly OutboxDepth[]; readonly rest: number } {
  const deepest: OutboxDepth[] = [];
  let rest = 0;
  for (const state of states) {
    const last = deepest.at(-1);
    if (deepest.length >= count && (last === undefined || state.pending <= last.pending)) {
      rest += state.pending;
      continue;
    }
    if (count === Number.POSITIVE_INFINITY) {
      deepest.push(state);
      continue;
    }
    const place = deepest.findIndex(({ pending }) => pending < state.pending);
    deepest.splice(place < 0 ? deepest.length : place, 0, state);
    if (deepest.length > count) rest += deepest.pop()?.pending ?? 0;
  }
  return { deepest, rest };
}
