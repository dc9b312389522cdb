import { describe, expect, it } from 'vitest';
import { CloseCode } from '../../src/protocol/frame.ts';
import { OversightBench, ROOM } from './oversight-bench.ts';

function enqueue(bench: OversightBench, type: string, room = ROOM): string | undefined {
  return bench.broadcaster.enqueue({ room, type, payloadText: 'null' });
}

/** Without an outbox only the queue stands between a failed send and a loss. */
function atMostOnce(queue = {}): OversightBench {
  return new OversightBench({ delivery: 'at-most-once', retryAttempts: 0, queue });
}

describe('message queue: the good case', () => {
  it('sends to everybody in the room at its next look, and is done', () => {
    const bench = atMostOnce();
    const [a, b] = [bench.connect('a'), bench.connect('b')];
    expect(enqueue(bench, 'm')).toBeUndefined();
    expect([a.messages(), b.messages()]).toEqual([[], []]);
    bench.time.runFor(100);
    expect([a.messages(), b.messages()]).toEqual([['m'], ['m']]);
    bench.time.runFor(100);
    expect(bench.statistics).toMatchObject({ queueAccepted: 1, queueCompleted: 1, queueRetried: 0 });
    expect(bench.broadcaster.queue.isEmpty).toBe(true);
  });

  it('completes a message for a room that nobody is in', () => {
    const bench = atMostOnce();
    enqueue(bench, 'm', 'nobody');
    bench.time.runFor(300);
    expect(bench.statistics).toMatchObject({ queueCompleted: 1, queueFailed: 0 });
  });
});

describe('message queue: retries', () => {
  it('tries again for the recipients that failed, and for nobody else', () => {
    const bench = atMostOnce();
    const [a, b] = [bench.connect('a'), bench.connect('b')];
    b.link.sendErrors.push('EPIPE');
    enqueue(bench, 'm');
    bench.time.runFor(200);
    expect([a.messages(), b.messages()]).toEqual([['m'], []]);
    bench.time.runFor(1100);
    expect([a.messages(), b.messages()]).toEqual([[], ['m']]);
    bench.time.runFor(100);
    expect(bench.statistics).toMatchObject({ queueCompleted: 1, queueRetried: 1, queueRecovered: 1 });
  });

  it('waits a delay longer before each retry', () => {
    const bench = atMostOnce({ retries: 3, retryDelayMs: 1000, intervalMs: 10 });
    const client = bench.connect('a');
    client.link.sendErrors.push('EPIPE', 'EPIPE', 'EPIPE');
    enqueue(bench, 'm');
    const tries = (): number => 3 - client.link.sendErrors.length;
    const seen = [100, 1100, 3100].map((atMs) => {
      bench.time.run(1_000_000 + atMs * 1000);
      return tries();
    });
    expect(seen).toEqual([1, 2, 3]);
    bench.time.run(1_000_000 + 6200 * 1000);
    expect(client.messages()).toEqual(['m']);
  });

  it('gives up after the last retry: partial when some have it, failed when nobody has', () => {
    const bench = atMostOnce({ retries: 1 });
    const [, b] = [bench.connect('a'), bench.connect('b')];
    const c = bench.connect('c', ['other']);
    b.link.sendErrors.push('EPIPE', 'EPIPE');
    c.link.sendErrors.push('EPIPE', 'EPIPE');
    enqueue(bench, 'm');
    enqueue(bench, 'm', 'other');
    bench.time.runFor(5000);
    expect(bench.statistics).toMatchObject({ queueCompleted: 0, queuePartial: 1, queueFailed: 1 });
    expect(bench.broadcaster.queue.isEmpty).toBe(true);
  });

  it('reaches a client again whose buffer was full', () => {
    const bench = atMostOnce();
    const client = bench.connect('a');
    client.link.bufferedBytes = 2 ** 21;
    enqueue(bench, 'm');
    bench.time.runFor(200);
    client.link.bufferedBytes = 0;
    expect(client.messages()).toEqual([]);
    bench.time.runFor(1100);
    expect(client.messages()).toEqual(['m']);
  });

  it('reaches a client that was away, and not one that comes to the room later', () => {
    const bench = atMostOnce();
    const client = bench.connect('a');
    client.drop();
    enqueue(bench, 'm');
    bench.time.runFor(200);
    const [back, late] = [bench.connect('a'), bench.connect('late')];
    bench.time.runFor(1200);
    expect([back.messages(), late.messages()]).toEqual([['m'], []]);
    expect(bench.statistics.queueRecovered).toBe(1);
  });

  it('does not wait for a client that has said goodbye', () => {
    const bench = atMostOnce();
    const client = bench.connect('a');
    client.drop(CloseCode.goodbye);
    enqueue(bench, 'm');
    const back = bench.connect('a');
    bench.time.runFor(300);
    expect(back.messages()).toEqual([]);
  });

  it('does not wait for a client that left before the last try could have found it', () => {
    const bench = atMostOnce({ retries: 1, retryDelayMs: 1000 });
    bench.connect('a').drop();
    bench.time.runFor(1001);
    enqueue(bench, 'm');
    bench.time.runFor(5000);
    expect(bench.statistics).toMatchObject({ queueCompleted: 1, queueRetried: 0 });
  });

  it('sends nothing twice to a client whose send is slow and not failed', () => {
    const bench = new OversightBench({ delivery: 'at-most-once', retryAttempts: 3, retryDelayMs: 1500 });
    const client = bench.connect('a');
    client.link.sendErrors.push('ENOBUFS');
    enqueue(bench, 'm');
    bench.time.runFor(10_000);
    expect(client.messages()).toEqual(['m']);
    expect(bench.statistics.queueRetried).toBe(0);
  });
});

describe('message queue: with outboxes', () => {
  it('leaves a message to the outbox that took it, away or not', () => {
    const bench = new OversightBench();
    const client = bench.connect('a');
    client.drop();
    enqueue(bench, 'm');
    bench.time.runFor(300);
    expect(bench.statistics).toMatchObject({ queueCompleted: 1, queueRetried: 0 });
    expect(bench.resume(client, 0).messages()).toEqual(['1']);
  });

  it('tries again where the outbox was full', () => {
    const bench = new OversightBench({ maxPending: 1 });
    const client = bench.connect('a');
    bench.publish('first');
    enqueue(bench, 'm');
    bench.time.runFor(200);
    expect(client.messages()).toEqual(['1', '2-2 overflow']);
    client.ack(1);
    client.ack(2);
    bench.time.runFor(1100);
    expect(client.messages()).toEqual(['3']);
    bench.time.runFor(100);
    expect(bench.statistics.queueCompleted).toBe(1);
  });
});

describe('message queue: its bounds', () => {
  it('refuses what finds it full, and takes more when something is done', () => {
    const bench = atMostOnce({ size: 2 });
    bench.connect('a');
    expect([enqueue(bench, '1'), enqueue(bench, '2'), enqueue(bench, '3')]).toEqual([
      undefined,
      undefined,
      'queue full',
    ]);
    bench.time.runFor(200);
    expect(enqueue(bench, '4')).toBeUndefined();
    expect(bench.statistics).toMatchObject({ queueAccepted: 3, queueRejected: 1 });
  });

  it('refuses what finds its bytes used up, and takes more when something is done', () => {
    const bench = atMostOnce({ bytesMax: 1 });
    bench.connect('a');
    expect([enqueue(bench, '1'), enqueue(bench, '2')]).toEqual([undefined, 'queue full']);
    bench.time.runFor(200);
    expect(bench.broadcaster.queue.bytes).toBe(0);
    expect(enqueue(bench, '3')).toBeUndefined();
  });

  it('refuses everything while the broadcaster drains', () => {
    const bench = atMostOnce();
    bench.broadcaster.drain(0);
    expect(enqueue(bench, 'm')).toBe('draining');
  });

  it('leaves no timer when the broadcaster stops', () => {
    const bench = atMostOnce();
    bench.connect('a').link.sendErrors.push('EPIPE');
    enqueue(bench, 'm');
    bench.time.runFor(150);
    expect(bench.stop()).toBe(0);
  });

  it('rests until its last planned retry', () => {
    const bench = atMostOnce();
    bench.connect('a').link.sendErrors.push('EPIPE');
    enqueue(bench, 'm');
    bench.time.runFor(200);
    const untilUs = bench.broadcaster.queue.restsUntilUs;
    expect(untilUs).toBeGreaterThan(bench.time.nowUs());
    expect(untilUs).toBeLessThanOrEqual(bench.time.nowUs() + 1_000_000);
  });
});
