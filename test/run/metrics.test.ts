import { createServer } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { deepestOf, Metrics, type MetricsOptions } from '../../src/run/metrics.ts';
import { MetricsEndpoint } from '../../src/run/metrics-endpoint.ts';
import { type RunningScenario, runScenario } from '../../src/run/scenario-run.ts';
import { scenarioSchema } from '../../src/scenario/schema.ts';
import { ListenError } from '../../src/world/real/listener.ts';
import { DeliveryBench } from '../broadcaster/delivery-bench.ts';

const endpoints: MetricsEndpoint[] = [];

afterEach(async () => {
  for (const endpoint of endpoints.splice(0)) await endpoint.close();
});

async function opened(options: Partial<MetricsOptions>): Promise<MetricsEndpoint> {
  const metrics = new Metrics({ source: () => undefined, clients: 20, ...options });
  const endpoint = new MetricsEndpoint({ metrics, host: '127.0.0.1', port: 0 });
  endpoints.push(endpoint);
  await endpoint.open();
  return endpoint;
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Family {
  readonly type: string;
  readonly samples: Sample[];
}

/** Prometheus' text format 0.0.4, strictly: what it does not know is an error. */
function parsed(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  for (const row of text.split('\n')) {
    if (row === '' || row.startsWith('# HELP ')) continue;
    const declared = /^# TYPE ([a-z_][a-z0-9_]*) (counter|gauge|histogram|summary)$/.exec(row);
    if (declared !== null) {
      expect(families.has(declared[1] ?? ''), row).toBe(false);
      families.set(declared[1] ?? '', { type: declared[2] ?? '', samples: [] });
      continue;
    }
    const sample = /^([a-z_][a-z0-9_]*)(?:\{(.*)\})? (-?[0-9.e+-]+|nan|[+-]inf)$/i.exec(row);
    expect(sample, `no line of the format: ${row}`).not.toBeNull();
    const [, name = '', labels = '', value = ''] = sample ?? [];
    const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''));
    expect(family, `a sample without a type: ${row}`).toBeDefined();
    family?.samples.push({ labels: labelsOf(labels), value: Number(value) });
  }
  return families;
}

function labelsOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)/g)];
  return Object.fromEntries(pairs.map(([, name, value]) => [name, value]));
}

async function scrape(endpoint: MetricsEndpoint): Promise<Map<string, Family>> {
  const response = await fetch(endpoint.url);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  return parsed(await response.text());
}

function valueOf(families: Map<string, Family>, name: string, labels: Record<string, string> = {}): number | undefined {
  const samples = families.get(name)?.samples ?? [];
  return samples.find((sample) => JSON.stringify(sample.labels) === JSON.stringify(labels))?.value;
}

describe('the metrics', () => {
  it('are scraped over HTTP during a run', async () => {
    const scenario = scenarioSchema.parse({
      server: { delivery: 'effectively-once', outbox: { ackTimeout: '100ms', nackBackoff: '50ms', maxResend: 1 } },
      clients: [{ profile: 'all', count: 30, handler: { poison: 5 }, upstream: { rate: '5/s' } }],
      publish: [{ type: 'tick', rate: '20/s', size: '64B' }],
      duration: { rampUp: '100ms', warmUp: '100ms', load: '2500ms', settle: '10s' },
      faults: [{ do: 'lose-acks', probability: '30%' }, { do: 'drop', at: '500ms' }],
    });
    let running: RunningScenario | undefined;
    const endpoint = await opened({
      source: () => running?.server,
      deduplicatedByClients: () => running?.deduplicated() ?? 0,
    });
    expect(valueOf(await scrape(endpoint), 'ws_broadcasts_total')).toBe(0);
    const run = runScenario({
      scenario,
      onProgress() {},
      signal: new AbortController().signal,
      onStart: (begun) => {
        running = begun;
      },
    });
    const scrapes: Map<string, Family>[] = [];
    let over = false;
    const polling = (async () => {
      while (!over) {
        await new Promise((resolve) => setTimeout(resolve, 200));
        scrapes.push(await scrape(endpoint));
      }
    })();
    const { server } = await run;
    over = true;
    await polling;
    const busiest = scrapes.find((one) => (valueOf(one, 'ws_delivery_resend_total', { type: 'tick' }) ?? 0) > 0);
    expect(busiest, 'no scrape saw a resend').toBeDefined();
    const last = scrapes.at(-1) ?? new Map<string, Family>();
    expect(last.get('ws_outbox_pending')?.type).toBe('gauge');
    expect(last.get('ws_delivery_resend_total')?.type).toBe('counter');
    expect(valueOf(last, 'ws_delivery_resend_total', { type: 'tick' })).toBe(server?.statistics.resent);
    expect(valueOf(last, 'ws_delivery_failed_total', { type: 'tick' })).toBe(server?.deadLetters.count);
    expect(valueOf(last, 'ws_delivery_failed_total', { type: 'probe' })).toBe(0);
    expect(server?.deadLetters.count).toBeGreaterThan(0);
    expect(valueOf(last, 'ws_dedup_rejected_total')).toBeGreaterThan(server?.statistics.dedupRejected ?? 0);
    expect(valueOf(last, 'ws_connections_opened_total')).toBe(server?.statistics.connections);
    // Twenty clients of thirty by name, and the rest together.
    const during = scrapes.find((one) => (one.get('ws_outbox_pending')?.samples.length ?? 0) > 1);
    expect(during?.get('ws_outbox_pending')?.samples).toHaveLength(21);
    expect(during?.get('ws_outbox_pending')?.samples.at(-1)?.labels).toEqual({ client: 'other' });
    expect(valueOf(during ?? new Map(), 'ws_connections')).toBeGreaterThan(0);
    const standard = ['nodejs_eventloop_lag_seconds', 'process_resident_memory_bytes', 'process_cpu_seconds_total'];
    for (const name of standard) expect(valueOf(last, name), name).toBeDefined();
    expect(valueOf(last, 'process_cpu_seconds_total')).toBeGreaterThanOrEqual(
      valueOf(scrapes[0] ?? new Map(), 'process_cpu_seconds_total') ?? 0,
    );
  });

  it('have a line for each of the deepest outboxes, and one for all others', async () => {
    const bench = new DeliveryBench();
    for (const id of ['a', 'b', 'c', 'd']) bench.peer(id);
    for (let message = 1; message <= 4; message += 1) bench.submit('tick');
    const acked = [4, 0, 2, 1];
    const peers = [...bench.broadcaster.sessionStates()];
    expect(peers.map(({ pending }) => pending)).toEqual([4, 4, 4, 4]);
    const states = peers.map(({ clientId }, index) => ({ clientId, pending: 4 - (acked[index] ?? 0) }));
    const source = { ...sourceOf(bench), sessionStates: () => states };
    const lines = async (clients: number | 'all'): Promise<Record<string, number>> => {
      const samples = (await scrape(await opened({ source: () => source, clients }))).get('ws_outbox_pending')?.samples ?? [];
      return Object.fromEntries(samples.map(({ labels, value }) => [labels.client, value]));
    };
    expect(await lines(2)).toEqual({ b: 4, d: 3, other: 2 });
    expect(await lines(0)).toEqual({ other: 9 });
    expect(await lines(20)).toEqual({ a: 0, b: 4, c: 2, d: 3, other: 0 });
    expect(await lines('all')).toEqual({ a: 0, b: 4, c: 2, d: 3 });
  });

  it('cost a scrape one walk, however many there are', () => {
    const states = Array.from({ length: 10_000 }, (_, index) => ({
      clientId: `c${index}`,
      pending: (index * 7919) % 10_007,
    }));
    const { deepest, rest } = deepestOf(states, 20);
    const sorted = states.toSorted((a, b) => b.pending - a.pending);
    expect(deepest).toEqual(sorted.slice(0, 20));
    expect(rest).toBe(sorted.slice(20).reduce((sum, { pending }) => sum + pending, 0));
  });

  it('are at /metrics and nowhere else, to be read and nothing else', async () => {
    const endpoint = await opened({});
    const elsewhere = await fetch(endpoint.url.replace('/metrics', '/'));
    expect([elsewhere.status, await elsewhere.text()]).toEqual([404, 'The metrics are at /metrics\n']);
    expect((await fetch(endpoint.url, { method: 'POST' })).status).toBe(405);
    const head = await fetch(`${endpoint.url}?x=1`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('say in a sentence that their port is taken', async () => {
    const blocker = createServer();
    const port = await new Promise<number>((resolve) => {
      blocker.listen(0, '127.0.0.1', () => resolve((blocker.address() as { readonly port: number }).port));
    });
    const endpoint = new MetricsEndpoint({
      metrics: new Metrics({ source: () => undefined, clients: 20 }),
      host: '127.0.0.1',
      port,
    });
    await expect(endpoint.open()).rejects.toThrow(ListenError);
    await expect(endpoint.open()).rejects.toThrow(
      `Cannot listen on "127.0.0.1:${port}" for the metrics: another process has the port, a free one is wanted`,
    );
    blocker.close();
  });

  it('give their port back although a scraper keeps its connection', async () => {
    const endpoint = await opened({});
    const { port, hostname } = new URL(endpoint.url);
    const socket = connect(Number(port), hostname);
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.on('error', () => {});
    await endpoint.close();
    await expect(fetch(endpoint.url)).rejects.toThrow();
    socket.destroy();
  });
});

function sourceOf({ broadcaster }: DeliveryBench): NonNullable<ReturnType<MetricsOptions['source']>> {
  const { statistics, types, deadLetters, waitingPublishes } = broadcaster;
  return {
    statistics,
    types,
    deadLetters,
    waitingPublishes,
    load: () => broadcaster.load(),
    sessionStates: () => broadcaster.sessionStates(),
  };
}
