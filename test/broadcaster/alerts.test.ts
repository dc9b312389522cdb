import { describe, expect, it } from 'vitest';
import { type BenchClient, OversightBench } from './oversight-bench.ts';

const WINDOW = { windowMs: 1000 } as const;

/** Publishes and acks for a while, each ack so late. */
function chat(bench: OversightBench, client: BenchClient, count: number, ackAfterMs: number): void {
  for (let number = 0; number < count; number += 1) {
    bench.publish('m');
    bench.time.runFor(ackAfterMs);
    for (const text of client.messages()) client.ack(Number.parseInt(text, 10));
  }
}

describe('alerts: latency', () => {
  it('come once for each time that the mean goes over the limit', () => {
    const bench = new OversightBench({ alerts: { ...WINDOW, latencyMs: 100 } });
    const client = bench.connect('a');
    chat(bench, client, 20, 50);
    expect(bench.alertNames()).toEqual([]);
    chat(bench, client, 20, 150);
    expect(bench.alertNames()).toEqual(['latency']);
    expect(bench.alerts[0]).toMatchObject({ clientId: 'a' });
    expect(bench.alerts[0]?.detail).toMatch(/^a send takes 1\d\d ms on average, limit 100 ms$/);
    chat(bench, client, 40, 50);
    chat(bench, client, 20, 150);
    expect(bench.alertNames()).toEqual(['latency', 'latency']);
  });

  it('count to the socket where nobody acks', () => {
    // Ten clients one at a time, 50 ms apart: the last gets its message 450 ms late.
    const bench = new OversightBench({
      delivery: 'at-most-once',
      batchSize: 1,
      batchDelayMs: 50,
      alerts: { ...WINDOW, latencyMs: 100 },
    });
    for (let number = 0; number < 10; number += 1) bench.connect(`c${number}`);
    bench.publish('m');
    bench.time.runFor(700);
    expect(bench.alertNames()).toEqual(['latency']);
  });
});

describe('alerts: failure rate', () => {
  it('come when more than the share of attempts fails', () => {
    const bench = new OversightBench({
      delivery: 'at-most-once',
      retryAttempts: 0,
      alerts: { ...WINDOW, failureRatio: 0.1 },
      failures: { globalRatio: 1 },
    });
    const client = bench.connect('a');
    bench.publishMany(30, 5);
    bench.time.runFor(100);
    expect(bench.alertNames()).toEqual([]);
    client.link.sendErrors.push(...Array<string>(10).fill('EPIPE'));
    bench.publishMany(10, 5);
    bench.time.runFor(200);
    expect(bench.alertNames().filter((name) => name === 'failureRate')).toHaveLength(1);
    expect(bench.alerts.find(({ name }) => name === 'failureRate')).toMatchObject({ clientId: 'a' });
    expect(bench.statistics.failureRateAlerts).toBe(1);
  });

  it('do not come for a handful of attempts', () => {
    const bench = new OversightBench({ delivery: 'at-most-once', retryAttempts: 0, alerts: WINDOW });
    bench.connect('a').link.sendErrors.push('EPIPE', 'EPIPE', 'EPIPE');
    bench.publishMany(3);
    bench.time.runFor(2000);
    expect(bench.alertNames()).toEqual([]);
  });
});

describe('alerts: buffer', () => {
  it('come once for each client whose buffer is over the limit, and again after it was under it', () => {
    const bench = new OversightBench({ bufferBytesMax: 1000, alerts: { ...WINDOW, bufferRatio: 0.8 } });
    const [a, b] = [bench.connect('a'), bench.connect('b')];
    a.link.bufferedBytes = 801;
    b.link.bufferedBytes = 800;
    bench.publishMany(10, 50);
    expect(bench.alerts.map(({ detail }) => detail)).toEqual(['buffer of a is 80.1 % full, limit 80 %']);
    a.link.bufferedBytes = 0;
    bench.publishMany(10, 50);
    a.link.bufferedBytes = 900;
    bench.publishMany(10, 50);
    expect(bench.statistics.bufferAlerts).toBe(2);
  });
});

describe('alerts: actions', () => {
  const FULL = { bufferBytesMax: 1000, failures: { threshold: 100 } } as const;

  function overfill(bench: OversightBench): BenchClient {
    const client = bench.connect('a');
    client.link.bufferedBytes = 900;
    bench.publishMany(5, 50);
    return client;
  }

  it('log: the alert is told', () => {
    const bench = new OversightBench({ ...FULL, alerts: { ...WINDOW, actions: ['log'] } });
    const client = overfill(bench);
    expect(bench.alertNames()).toEqual(['buffer']);
    expect([client.link.closedWith, bench.scaled]).toEqual([undefined, []]);
  });

  it('disconnect: the client concerned is closed, and keeps its session', () => {
    const bench = new OversightBench({ ...FULL, alerts: { ...WINDOW, actions: ['disconnect'] } });
    const other = bench.connect('other');
    const client = overfill(bench);
    expect([client.link.closedWith, other.link.closedWith]).toEqual([4429, undefined]);
    expect(bench.alertNames()).toEqual([]);
    expect(bench.statistics).toMatchObject({ alerts: 1, alertDisconnects: 1 });
    client.drop();
    expect(bench.broadcaster.load()).toMatchObject({ sessions: 2, absent: 1 });
  });

  it('scale: resources are asked for, once for the alert', () => {
    const bench = new OversightBench({ ...FULL, alerts: { ...WINDOW, actions: ['scale'] } });
    overfill(bench);
    expect(bench.scaled.map(({ name, clientId }) => [name, clientId])).toEqual([['buffer', 'a']]);
    expect(bench.statistics.scaleRequests).toBe(1);
  });

  it('none: the alert only counts', () => {
    const bench = new OversightBench({ ...FULL, alerts: { ...WINDOW, actions: [] } });
    overfill(bench);
    expect([bench.alertNames(), bench.scaled, bench.statistics.alerts]).toEqual([[], [], 1]);
  });
});

describe('alerts: the timer', () => {
  it('runs while something goes on and rests after a window without', () => {
    const bench = new OversightBench({ delivery: 'at-most-once', alerts: WINDOW });
    const idle = bench.time.plannedCount;
    bench.publish('m');
    expect(bench.time.plannedCount).toBe(idle + 1);
    bench.time.runFor(3000);
    expect(bench.time.plannedCount).toBe(idle);
  });

  it('is gone when the broadcaster stops', () => {
    const bench = new OversightBench({ alerts: WINDOW });
    overdue(bench);
    expect(bench.stop()).toBe(0);
  });
});

function overdue(bench: OversightBench): void {
  bench.connect('a').link.bufferedBytes = 2 ** 20;
  bench.publishMany(30, 10);
}
