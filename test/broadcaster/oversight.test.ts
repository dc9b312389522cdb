import { describe, expect, it } from 'vitest';
import { LinkState } from '../../src/protocol/ports.ts';
import { OversightBench } from './oversight-bench.ts';

/** Kinds of the failures that are remembered of a client. */
function kinds(bench: OversightBench, clientId = 'a'): string[] {
  return bench.broadcaster.oversight.failures.failuresOf(clientId).map(({ kind }) => kind);
}

describe('oversight: what counts as a failure of a client', () => {
  it('a send error, with its code, retried or not', () => {
    const bench = new OversightBench({ delivery: 'at-most-once', retryAttempts: 1, retryDelayMs: 10 });
    bench.connect('a').link.sendErrors.push('ENOBUFS', 'EPIPE');
    bench.publish('m');
    bench.time.runFor(100);
    const failures = bench.broadcaster.oversight.failures.failuresOf('a');
    expect(failures.map(({ kind, detail }) => [kind, detail])).toEqual([
      ['send-error', 'ENOBUFS'],
      ['send-error', 'EPIPE'],
    ]);
    expect(bench.statistics).toMatchObject({ sendErrors: 2, retried: 1, failed: 1 });
  });

  it('a drop at a full buffer, where no outbox keeps the message', () => {
    const bench = new OversightBench({ delivery: 'at-most-once' });
    const [a] = [bench.connect('a'), bench.connect('b')];
    a.link.bufferedBytes = 2 ** 21;
    const message = bench.publish('m');
    bench.publish('m');
    expect([kinds(bench), kinds(bench, 'b')]).toEqual([['buffer-full', 'buffer-full'], []]);
    expect(bench.statistics).toMatchObject({ bufferDrops: 2, bufferDropClients: 1, bufferWaits: 0 });
    expect([...bench.broadcaster.oversight.backpressure.drops]).toEqual([['a', 2]]);
    expect(message.result).toMatchObject({ total: 2, sent: 1, dropped: 1 });
    expect([...(message.result.errors ?? [])]).toEqual([['a', 'buffer-full']]);
  });

  it('a send that meets a full buffer, where the outbox keeps the message', () => {
    const bench = new OversightBench();
    bench.connect('a').link.bufferedBytes = 2 ** 21;
    bench.publish('m');
    expect(kinds(bench)).toEqual(['buffer-full']);
    expect(bench.statistics).toMatchObject({ bufferDrops: 0, bufferWaits: 1, dropped: 0 });
  });

  it('a full outbox', () => {
    const bench = new OversightBench({ maxPending: 1 });
    bench.connect('a');
    const [, second] = [bench.publish('m'), bench.publish('m')];
    expect(kinds(bench)).toEqual(['overflow']);
    expect([...(second?.result.errors ?? [])]).toEqual([['a', 'overflow']]);
  });

  it('a message timeout: of the client for which the message has not left, and not of the others', () => {
    const bench = new OversightBench({ messageTimeoutMs: 500 });
    const [a] = [bench.connect('a'), bench.connect('b')];
    a.link.state = LinkState.closing;
    const message = bench.publish('m');
    bench.time.runFor(600);
    expect([kinds(bench), kinds(bench, 'b')]).toEqual([['message-timeout'], []]);
    expect(bench.statistics.messageTimeouts).toBe(1);
    expect([...(message.result.errors ?? [])]).toEqual([['a', 'message-timeout']]);
  });

  it('an ack timeout, whether or not there is a resend', () => {
    for (const resend of [true, false]) {
      const bench = new OversightBench({ ackTimeoutMs: 100, resend });
      bench.connect('a');
      bench.publish('m');
      bench.time.runFor(150);
      expect(kinds(bench)).toEqual(['ack-timeout']);
      expect(bench.statistics.ackTimeouts).toBe(1);
    }
  });

  it('a missed pong, up to the one that terminates the connection', () => {
    const bench = new OversightBench({ pingIntervalMs: 1000, pongTimeoutMs: 100, missedPongsMax: 2 });
    const client = bench.connect('a');
    bench.time.runFor(5000);
    expect(kinds(bench)).toEqual(['missed-pong', 'missed-pong']);
    expect(client.link.terminated).toBe(true);
    expect(bench.statistics).toMatchObject({ missedPongs: 2, detectedStale: 1 });
  });

  it('nothing of what a client leaves behind when it goes', () => {
    const bench = new OversightBench({ delivery: 'at-most-once', batchSize: 1, batchDelayMs: 1000 });
    const [, b] = [bench.connect('a'), bench.connect('b')];
    bench.publish('m');
    b.drop();
    expect(bench.broadcaster.oversight.failures.recorded).toBe(0);
  });
});

describe('oversight: backpressure', () => {
  it('warns of a client at most once per interval', () => {
    const bench = new OversightBench({ bufferBytesWarn: 1000, bufferWarnIntervalMs: 5000 });
    const [a, b] = [bench.connect('a'), bench.connect('b')];
    a.link.bufferedBytes = 1001;
    b.link.bufferedBytes = 1000;
    bench.publishMany(49, 100);
    expect(bench.statistics.bufferWarnings).toBe(1);
    bench.publishMany(2, 100);
    expect(bench.statistics.bufferWarnings).toBe(2);
  });
});

describe('oversight: the global rate', () => {
  it('raises highFailureRate with what was measured', () => {
    const bench = new OversightBench({ delivery: 'at-most-once', retryAttempts: 0 });
    const client = bench.connect('a');
    bench.publishMany(17);
    client.link.sendErrors.push('EPIPE', 'EPIPE', 'EPIPE');
    bench.publishMany(3);
    expect(bench.alerts.filter(({ name }) => name === 'highFailureRate').map(({ detail }) => detail)).toEqual(
      ['15 % of sends failed, limit 10 %'],
    );
    expect(bench.statistics.highFailureRates).toBe(1);
  });
});

describe('oversight: metrics', () => {
  it('measure round trips with acks', () => {
    const bench = new OversightBench();
    const client = bench.connect('a');
    bench.publish('m');
    bench.time.runFor(30);
    client.ack(1);
    expect(bench.broadcaster.oversight.metrics.summary()).toMatchObject({
      sent: 1,
      failed: 0,
      successRatio: 1,
      latencyMeanUs: 30_000,
    });
  });
});
