import { describe, expect, it } from 'vitest';
import { LinkState } from '../../../src/protocol/ports.ts';
import { MonitoringFixture } from '../monitoring-fixture.ts';

/** Kinds of the failures that are remembered of a client. */
function kinds(fixture: MonitoringFixture, clientId = 'a'): string[] {
  return fixture.broadcaster.monitoring.failures.failuresOf(clientId).map(({ kind }) => kind);
}

describe('monitoring: what counts as a failure of a client', () => {
  it('a send error, with its code, retried or not', () => {
    const fixture = new MonitoringFixture({ delivery: 'at-most-once', retryAttempts: 1, retryDelayMs: 10 });
    fixture.connect('a').link.sendErrors.push('ENOBUFS', 'EPIPE');
    fixture.publish('m');
    fixture.time.runFor(100);
    const failures = fixture.broadcaster.monitoring.failures.failuresOf('a');
    expect(failures.map(({ kind, detail }) => [kind, detail])).toEqual([
      ['send-error', 'ENOBUFS'],
      ['send-error', 'EPIPE'],
    ]);
    expect(fixture.statistics).toMatchObject({ sendErrors: 2, retried: 1, failed: 1 });
  });

  it('a drop at a full buffer, where no outbox keeps the message', () => {
    const fixture = new MonitoringFixture({ delivery: 'at-most-once' });
    const [a] = [fixture.connect('a'), fixture.connect('b')];
    a.link.bufferedBytes = 2 ** 21;
    const message = fixture.publish('m');
    fixture.publish('m');
    expect([kinds(fixture), kinds(fixture, 'b')]).toEqual([['buffer-full', 'buffer-full'], []]);
    expect(fixture.statistics).toMatchObject({ bufferDrops: 2, bufferDropClients: 1, bufferWaits: 0 });
    expect([...fixture.broadcaster.monitoring.backpressure.drops]).toEqual([['a', 2]]);
    expect(message.result).toMatchObject({ total: 2, sent: 1, dropped: 1 });
    expect([...(message.result.errors ?? [])]).toEqual([['a', 'buffer-full']]);
  });

  it('a send that meets a full buffer, where the outbox keeps the message', () => {
    const fixture = new MonitoringFixture();
    fixture.connect('a').link.bufferedBytes = 2 ** 21;
    fixture.publish('m');
    expect(kinds(fixture)).toEqual(['buffer-full']);
    expect(fixture.statistics).toMatchObject({ bufferDrops: 0, bufferWaits: 1, dropped: 0 });
  });

  it('a full outbox', () => {
    const fixture = new MonitoringFixture({ maxPending: 1 });
    fixture.connect('a');
    const [, second] = [fixture.publish('m'), fixture.publish('m')];
    expect(kinds(fixture)).toEqual(['overflow']);
    expect([...(second?.result.errors ?? [])]).toEqual([['a', 'overflow']]);
  });

  it('a message timeout: of the client for which the message has not left, and not of the others', () => {
    const fixture = new MonitoringFixture({ messageTimeoutMs: 500 });
    const [a] = [fixture.connect('a'), fixture.connect('b')];
    a.link.state = LinkState.closing;
    const message = fixture.publish('m');
    fixture.time.runFor(600);
    expect([kinds(fixture), kinds(fixture, 'b')]).toEqual([['message-timeout'], []]);
    expect(fixture.statistics.messageTimeouts).toBe(1);
    expect([...(message.result.errors ?? [])]).toEqual([['a', 'message-timeout']]);
  });

  it('an ack timeout, whether or not there is a resend', () => {
    for (const resend of [true, false]) {
      const fixture = new MonitoringFixture({ ackTimeoutMs: 100, resend });
      fixture.connect('a');
      fixture.publish('m');
      fixture.time.runFor(150);
      expect(kinds(fixture)).toEqual(['ack-timeout']);
      expect(fixture.statistics.ackTimeouts).toBe(1);
    }
  });

  it('a missed pong, up to the one that terminates the connection', () => {
    const fixture = new MonitoringFixture({ pingIntervalMs: 1000, pongTimeoutMs: 100, missedPongsMax: 2 });
    const client = fixture.connect('a');
    fixture.time.runFor(5000);
    expect(kinds(fixture)).toEqual(['missed-pong', 'missed-pong']);
    expect(client.link.terminated).toBe(true);
    expect(fixture.statistics).toMatchObject({ missedPongs: 2, detectedStale: 1 });
  });

  it('nothing of what a client leaves behind when it goes', () => {
    const fixture = new MonitoringFixture({ delivery: 'at-most-once', batchSize: 1, batchDelayMs: 1000 });
    const [, b] = [fixture.connect('a'), fixture.connect('b')];
    fixture.publish('m');
    b.drop();
    expect(fixture.broadcaster.monitoring.failures.recorded).toBe(0);
  });
});

describe('monitoring: backpressure', () => {
  it('warns of a client at most once per interval', () => {
    const fixture = new MonitoringFixture({ bufferBytesWarn: 1000, bufferWarnIntervalMs: 5000 });
    const [a, b] = [fixture.connect('a'), fixture.connect('b')];
    a.link.bufferedBytes = 1001;
    b.link.bufferedBytes = 1000;
    fixture.publishMany(49, 100);
    expect(fixture.statistics.bufferWarnings).toBe(1);
    fixture.publishMany(2, 100);
    expect(fixture.statistics.bufferWarnings).toBe(2);
  });
});

describe('monitoring: the global rate', () => {
  it('raises highFailureRate with what was measured', () => {
    const fixture = new MonitoringFixture({ delivery: 'at-most-once', retryAttempts: 0 });
    const client = fixture.connect('a');
    fixture.publishMany(17);
    client.link.sendErrors.push('EPIPE', 'EPIPE', 'EPIPE');
    fixture.publishMany(3);
    expect(
      fixture.alerts.filter(({ name }) => name === 'highFailureRate').map(({ detail }) => detail),
    ).toEqual(['15 % of sends failed, limit 10 %']);
    expect(fixture.statistics.highFailureRates).toBe(1);
  });
});

describe('monitoring: metrics', () => {
  it('measure round trips with acks', () => {
    const fixture = new MonitoringFixture();
    const client = fixture.connect('a');
    fixture.publish('m');
    fixture.time.runFor(30);
    client.ack(1);
    expect(fixture.broadcaster.monitoring.metrics.summary()).toMatchObject({
      sent: 1,
      failed: 0,
      successRatio: 1,
      latencyMeanUs: 30_000,
    });
  });
});
