import { createServer } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { deepestOf, Metrics, type MetricsOptions } from '../../src/server/metrics.ts';
import { MetricsEndpoint } from '../../src/server/metrics-endpoint.ts';
import { ListenError } from '../../src/world/real/listener.ts';
import { DeliveryFixture } from '../broadcaster/delivery-fixture.ts';
import { scrape } from './prometheus-text.ts';

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

describe('the metrics', () => {
  it('have a line for each of the deepest outboxes, and one for all others', async () => {
    const fixture = new DeliveryFixture();
    for (const id of ['a', 'b', 'c', 'd']) fixture.peer(id);
    for (let message = 1; message <= 4; message += 1) fixture.submit('tick');
    const acked = [4, 0, 2, 1];
    const peers = [...fixture.broadcaster.sessionStates()];
    expect(peers.map(({ pending }) => pending)).toEqual([4, 4, 4, 4]);
    const states = peers.map(({ clientId }, index) => ({ clientId, pending: 4 - (acked[index] ?? 0) }));
    const source = { ...sourceOf(fixture), sessionStates: () => states };
    const lines = async (clients: number | 'all'): Promise<Record<string, number>> => {
      const samples =
        (await scrape((await opened({ source: () => source, clients })).url)).get('ws_outbox_pending')
          ?.samples ?? [];
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

function sourceOf({ broadcaster }: DeliveryFixture): NonNullable<ReturnType<MetricsOptions['source']>> {
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
