import { describe, expect, it } from 'vitest';
import { CloseCode } from '../../src/protocol/frame.ts';
import { MonitoringFixture, ROOM } from './monitoring-fixture.ts';

function enqueue(fixture: MonitoringFixture, type: string, room = ROOM): string | undefined {
  return fixture.broadcaster.enqueue({ room, type, payloadText: 'null' });
}

/** Without an outbox only the queue stands between a failed send and a loss. */
function atMostOnce(queue = {}): MonitoringFixture {
  return new MonitoringFixture({ delivery: 'at-most-once', retryAttempts: 0, queue });
}

describe('message queue: the good case', () => {
  it('sends to everybody in the room at its next look, and is done', () => {
    const fixture = atMostOnce();
    const [a, b] = [fixture.connect('a'), fixture.connect('b')];
    expect(enqueue(fixture, 'm')).toBeUndefined();
    expect([a.messages(), b.messages()]).toEqual([[], []]);
    fixture.time.runFor(100);
    expect([a.messages(), b.messages()]).toEqual([['m'], ['m']]);
    fixture.time.runFor(100);
    expect(fixture.statistics).toMatchObject({ queueAccepted: 1, queueCompleted: 1, queueRetried: 0 });
    expect(fixture.broadcaster.queue.isEmpty).toBe(true);
  });

  it('completes a message for a room that nobody is in', () => {
    const fixture = atMostOnce();
    enqueue(fixture, 'm', 'nobody');
    fixture.time.runFor(300);
    expect(fixture.statistics).toMatchObject({ queueCompleted: 1, queueFailed: 0 });
  });
});

describe('message queue: retries', () => {
  it('tries again for the recipients that failed, and for nobody else', () => {
    const fixture = atMostOnce();
    const [a, b] = [fixture.connect('a'), fixture.connect('b')];
    b.link.sendErrors.push('EPIPE');
    enqueue(fixture, 'm');
    fixture.time.runFor(200);
    expect([a.messages(), b.messages()]).toEqual([['m'], []]);
    fixture.time.runFor(1100);
    expect([a.messages(), b.messages()]).toEqual([[], ['m']]);
    fixture.time.runFor(100);
    expect(fixture.statistics).toMatchObject({ queueCompleted: 1, queueRetried: 1, queueRecovered: 1 });
  });

  it('waits a delay longer before each retry', () => {
    const fixture = atMostOnce({ retries: 3, retryDelayMs: 1000, intervalMs: 10 });
    const client = fixture.connect('a');
    client.link.sendErrors.push('EPIPE', 'EPIPE', 'EPIPE');
    enqueue(fixture, 'm');
    const tries = (): number => 3 - client.link.sendErrors.length;
    const seen = [100, 1100, 3100].map((atMs) => {
      fixture.time.run(1_000_000 + atMs * 1000);
      return tries();
    });
    expect(seen).toEqual([1, 2, 3]);
    fixture.time.run(1_000_000 + 6200 * 1000);
    expect(client.messages()).toEqual(['m']);
  });

  it('gives up after the last retry: partial when some have it, failed when nobody has', () => {
    const fixture = atMostOnce({ retries: 1 });
    const [, b] = [fixture.connect('a'), fixture.connect('b')];
    const c = fixture.connect('c', ['other']);
    b.link.sendErrors.push('EPIPE', 'EPIPE');
    c.link.sendErrors.push('EPIPE', 'EPIPE');
    enqueue(fixture, 'm');
    enqueue(fixture, 'm', 'other');
    fixture.time.runFor(5000);
    expect(fixture.statistics).toMatchObject({ queueCompleted: 0, queuePartial: 1, queueFailed: 1 });
    expect(fixture.broadcaster.queue.isEmpty).toBe(true);
  });

  it('reaches a client again whose buffer was full', () => {
    const fixture = atMostOnce();
    const client = fixture.connect('a');
    client.link.bufferedBytes = 2 ** 21;
    enqueue(fixture, 'm');
    fixture.time.runFor(200);
    client.link.bufferedBytes = 0;
    expect(client.messages()).toEqual([]);
    fixture.time.runFor(1100);
    expect(client.messages()).toEqual(['m']);
  });

  it('reaches a client that was away, and not one that comes to the room later', () => {
    const fixture = atMostOnce();
    const client = fixture.connect('a');
    client.drop();
    enqueue(fixture, 'm');
    fixture.time.runFor(200);
    const [back, late] = [fixture.connect('a'), fixture.connect('late')];
    fixture.time.runFor(1200);
    expect([back.messages(), late.messages()]).toEqual([['m'], []]);
    expect(fixture.statistics.queueRecovered).toBe(1);
  });

  it('does not wait for a client that has said goodbye', () => {
    const fixture = atMostOnce();
    const client = fixture.connect('a');
    client.drop(CloseCode.goodbye);
    enqueue(fixture, 'm');
    const back = fixture.connect('a');
    fixture.time.runFor(300);
    expect(back.messages()).toEqual([]);
  });

  it('does not wait for a client that left before the last try could have found it', () => {
    const fixture = atMostOnce({ retries: 1, retryDelayMs: 1000 });
    fixture.connect('a').drop();
    fixture.time.runFor(1001);
    enqueue(fixture, 'm');
    fixture.time.runFor(5000);
    expect(fixture.statistics).toMatchObject({ queueCompleted: 1, queueRetried: 0 });
  });

  it('sends nothing twice to a client whose send is slow and not failed', () => {
    const fixture = new MonitoringFixture({ delivery: 'at-most-once', retryAttempts: 3, retryDelayMs: 1500 });
    const client = fixture.connect('a');
    client.link.sendErrors.push('ENOBUFS');
    enqueue(fixture, 'm');
    fixture.time.runFor(10_000);
    expect(client.messages()).toEqual(['m']);
    expect(fixture.statistics.queueRetried).toBe(0);
  });
});

describe('message queue: with outboxes', () => {
  it('leaves a message to the outbox that took it, away or not', () => {
    const fixture = new MonitoringFixture();
    const client = fixture.connect('a');
    client.drop();
    enqueue(fixture, 'm');
    fixture.time.runFor(300);
    expect(fixture.statistics).toMatchObject({ queueCompleted: 1, queueRetried: 0 });
    expect(fixture.resume(client, 0).messages()).toEqual(['1']);
  });

  it('tries again where the outbox was full', () => {
    const fixture = new MonitoringFixture({ maxPending: 1 });
    const client = fixture.connect('a');
    fixture.publish('first');
    enqueue(fixture, 'm');
    fixture.time.runFor(200);
    expect(client.messages()).toEqual(['1', '2-2 overflow']);
    client.ack(1);
    client.ack(2);
    fixture.time.runFor(1100);
    expect(client.messages()).toEqual(['3']);
    fixture.time.runFor(100);
    expect(fixture.statistics.queueCompleted).toBe(1);
  });
});

describe('message queue: its bounds', () => {
  it('refuses what finds it full, and takes more when something is done', () => {
    const fixture = atMostOnce({ size: 2 });
    fixture.connect('a');
    expect([enqueue(fixture, '1'), enqueue(fixture, '2'), enqueue(fixture, '3')]).toEqual([
      undefined,
      undefined,
      'queue full',
    ]);
    fixture.time.runFor(200);
    expect(enqueue(fixture, '4')).toBeUndefined();
    expect(fixture.statistics).toMatchObject({ queueAccepted: 3, queueRejected: 1 });
  });

  it('refuses what finds its bytes used up, and takes more when something is done', () => {
    const fixture = atMostOnce({ bytesMax: 1 });
    fixture.connect('a');
    expect([enqueue(fixture, '1'), enqueue(fixture, '2')]).toEqual([undefined, 'queue full']);
    fixture.time.runFor(200);
    expect(fixture.broadcaster.queue.bytes).toBe(0);
    expect(enqueue(fixture, '3')).toBeUndefined();
  });

  it('refuses everything while the broadcaster drains', () => {
    const fixture = atMostOnce();
    fixture.broadcaster.drain(0);
    expect(enqueue(fixture, 'm')).toBe('draining');
  });

  it('leaves no timer when the broadcaster stops', () => {
    const fixture = atMostOnce();
    fixture.connect('a').link.sendErrors.push('EPIPE');
    enqueue(fixture, 'm');
    fixture.time.runFor(150);
    expect(fixture.stop()).toBe(0);
  });

  it('rests until its last planned retry', () => {
    const fixture = atMostOnce();
    fixture.connect('a').link.sendErrors.push('EPIPE');
    enqueue(fixture, 'm');
    fixture.time.runFor(200);
    const untilUs = fixture.broadcaster.queue.restsUntilUs;
    expect(untilUs).toBeGreaterThan(fixture.time.nowUs());
    expect(untilUs).toBeLessThanOrEqual(fixture.time.nowUs() + 1_000_000);
  });
});
