import { describe, expect, it } from 'vitest';
import { type FixtureClient, MonitoringFixture } from '../monitoring-fixture.ts';

const WINDOW = { windowMs: 1000 } as const;

/** Publishes and acks for a while, each ack so late. */
function chat(fixture: MonitoringFixture, client: FixtureClient, count: number, ackAfterMs: number): void {
  for (let number = 0; number < count; number += 1) {
    fixture.publish('m');
    fixture.time.runFor(ackAfterMs);
    for (const text of client.messages()) client.ack(Number.parseInt(text, 10));
  }
}

describe('alerts: latency', () => {
  it('come once for each time that the mean goes over the limit', () => {
    const fixture = new MonitoringFixture({ alerts: { ...WINDOW, latencyMs: 100 } });
    const client = fixture.connect('a');
    chat(fixture, client, 20, 50);
    expect(fixture.alertNames()).toEqual([]);
    chat(fixture, client, 20, 150);
    expect(fixture.alertNames()).toEqual(['latency']);
    expect(fixture.alerts[0]).toMatchObject({ clientId: 'a' });
    expect(fixture.alerts[0]?.detail).toMatch(/^a send takes 1\d\d ms on average, limit 100 ms$/);
    chat(fixture, client, 40, 50);
    chat(fixture, client, 20, 150);
    expect(fixture.alertNames()).toEqual(['latency', 'latency']);
  });

  it('count to the socket where nobody acks', () => {
    // Ten clients one at a time, 50 ms apart: the last gets its message 450 ms late.
    const fixture = new MonitoringFixture({
      delivery: 'at-most-once',
      batchSize: 1,
      batchDelayMs: 50,
      alerts: { ...WINDOW, latencyMs: 100 },
    });
    for (let number = 0; number < 10; number += 1) fixture.connect(`c${number}`);
    fixture.publish('m');
    fixture.time.runFor(700);
    expect(fixture.alertNames()).toEqual(['latency']);
  });
});

describe('alerts: failure rate', () => {
  it('come when more than the share of attempts fails', () => {
    const fixture = new MonitoringFixture({
      delivery: 'at-most-once',
      retryAttempts: 0,
      alerts: { ...WINDOW, failureRatio: 0.1 },
      failures: { globalRatio: 1 },
    });
    const client = fixture.connect('a');
    fixture.publishMany(30, 5);
    fixture.time.runFor(100);
    expect(fixture.alertNames()).toEqual([]);
    client.link.sendErrors.push(...Array<string>(10).fill('EPIPE'));
    fixture.publishMany(10, 5);
    fixture.time.runFor(200);
    expect(fixture.alertNames().filter((name) => name === 'failureRate')).toHaveLength(1);
    expect(fixture.alerts.find(({ name }) => name === 'failureRate')).toMatchObject({ clientId: 'a' });
    expect(fixture.statistics.failureRateAlerts).toBe(1);
  });

  it('do not come for a handful of attempts', () => {
    const fixture = new MonitoringFixture({ delivery: 'at-most-once', retryAttempts: 0, alerts: WINDOW });
    fixture.connect('a').link.sendErrors.push('EPIPE', 'EPIPE', 'EPIPE');
    fixture.publishMany(3);
    fixture.time.runFor(2000);
    expect(fixture.alertNames()).toEqual([]);
  });
});

describe('alerts: buffer', () => {
  it('come once for each client whose buffer is over the limit, and again after it was under it', () => {
    const fixture = new MonitoringFixture({ bufferBytesMax: 1000, alerts: { ...WINDOW, bufferRatio: 0.8 } });
    const [a, b] = [fixture.connect('a'), fixture.connect('b')];
    a.link.bufferedBytes = 801;
    b.link.bufferedBytes = 800;
    fixture.publishMany(10, 50);
    expect(fixture.alerts.map(({ detail }) => detail)).toEqual(['buffer of a is 80.1 % full, limit 80 %']);
    a.link.bufferedBytes = 0;
    fixture.publishMany(10, 50);
    a.link.bufferedBytes = 900;
    fixture.publishMany(10, 50);
    expect(fixture.statistics.bufferAlerts).toBe(2);
  });
});

describe('alerts: actions', () => {
  const FULL = { bufferBytesMax: 1000, failures: { threshold: 100 } } as const;

  function overfill(fixture: MonitoringFixture): FixtureClient {
    const client = fixture.connect('a');
    client.link.bufferedBytes = 900;
    fixture.publishMany(5, 50);
    return client;
  }

  it('log: the alert is told', () => {
    const fixture = new MonitoringFixture({ ...FULL, alerts: { ...WINDOW, actions: ['log'] } });
    const client = overfill(fixture);
    expect(fixture.alertNames()).toEqual(['buffer']);
    expect([client.link.closedWith, fixture.scaled]).toEqual([undefined, []]);
  });

  it('disconnect: the client concerned is closed, and keeps its session', () => {
    const fixture = new MonitoringFixture({ ...FULL, alerts: { ...WINDOW, actions: ['disconnect'] } });
    const other = fixture.connect('other');
    const client = overfill(fixture);
    expect([client.link.closedWith, other.link.closedWith]).toEqual([4429, undefined]);
    expect(fixture.alertNames()).toEqual([]);
    expect(fixture.statistics).toMatchObject({ alerts: 1, alertDisconnects: 1 });
    client.drop();
    expect(fixture.broadcaster.load()).toMatchObject({ sessions: 2, absent: 1 });
  });

  it('scale: resources are asked for, once for the alert', () => {
    const fixture = new MonitoringFixture({ ...FULL, alerts: { ...WINDOW, actions: ['scale'] } });
    overfill(fixture);
    expect(fixture.scaled.map(({ name, clientId }) => [name, clientId])).toEqual([['buffer', 'a']]);
    expect(fixture.statistics.scaleRequests).toBe(1);
  });

  it('none: the alert only counts', () => {
    const fixture = new MonitoringFixture({ ...FULL, alerts: { ...WINDOW, actions: [] } });
    overfill(fixture);
    expect([fixture.alertNames(), fixture.scaled, fixture.statistics.alerts]).toEqual([[], [], 1]);
  });
});

describe('alerts: the timer', () => {
  it('runs while something goes on and rests after a window without', () => {
    const fixture = new MonitoringFixture({ delivery: 'at-most-once', alerts: WINDOW });
    const idle = fixture.time.plannedCount;
    fixture.publish('m');
    expect(fixture.time.plannedCount).toBe(idle + 1);
    fixture.time.runFor(3000);
    expect(fixture.time.plannedCount).toBe(idle);
  });

  it('is gone when the broadcaster stops', () => {
    const fixture = new MonitoringFixture({ alerts: WINDOW });
    overdue(fixture);
    expect(fixture.stop()).toBe(0);
  });
});

function overdue(fixture: MonitoringFixture): void {
  fixture.connect('a').link.bufferedBytes = 2 ** 20;
  fixture.publishMany(30, 10);
}
