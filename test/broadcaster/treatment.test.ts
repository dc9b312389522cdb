import { describe, expect, it } from 'vitest';
import { type BenchClient, OversightBench } from './oversight-bench.ts';

/** Ack timeouts are the failures here; nobody acks. A client is problematic after two of them. */
const SETTINGS = { ackTimeoutMs: 100, maxResend: 100 } as const;
const PROBLEM = { threshold: 2, windowMs: 10_000 } as const;

/** Makes a client problematic: it leaves one message unacked for two ack timeouts, and acks it then. */
function fail(bench: OversightBench, client: BenchClient): void {
  bench.publish('unacked');
  bench.time.runFor(700);
  client.ack(1);
  client.messages();
}

function seqs(client: BenchClient): number[] {
  return client.messages().flatMap((text) => (/^\d+$/.test(text) ? [Number(text)] : []));
}

describe('treatment: none', () => {
  it('tells of a problematic client and changes nothing about what it gets', () => {
    const bench = new OversightBench({ ...SETTINGS, failures: { ...PROBLEM, strategy: 'none' } });
    const client = bench.connect('a');
    fail(bench, client);
    bench.publishMany(20);
    expect(seqs(client)).toHaveLength(20);
    expect(bench.alertNames()).toContain('problematicClient');
    expect(bench.alerts[0]?.detail).toBe(
      'a fails again and again, strategy none: ack-timeout (no ack in time) ×2',
    );
    expect(bench.statistics.problematicClients).toBe(1);
  });
});

describe('treatment: disconnect', () => {
  it('closes a problematic client with 4429 and keeps what it is owed', () => {
    const bench = new OversightBench({ ...SETTINGS, failures: { ...PROBLEM, strategy: 'disconnect' } });
    const client = bench.connect('a');
    bench.publish('unacked');
    bench.time.runFor(700);
    expect(client.link.closedWith).toBe(4429);
    expect(bench.statistics.problemDisconnects).toBe(1);
    client.drop();
    bench.publishMany(3);
    const back = bench.resume(client, 0);
    expect(back.messages()).toEqual(['1#3', '2', '3', '4']);
  });

  it('leaves a client that does not fail alone', () => {
    const bench = new OversightBench({ ...SETTINGS, failures: { ...PROBLEM, strategy: 'disconnect' } });
    const [bad, good] = [bench.connect('bad'), bench.connect('good')];
    bench.publish('unacked');
    good.ack(1);
    bench.time.runFor(700);
    expect([bad.link.closedWith, good.link.closedWith]).toEqual([4429, undefined]);
  });
});

describe('treatment: throttle', () => {
  const settings = {
    ...SETTINGS,
    failures: { ...PROBLEM, strategy: 'throttle', throttlePerSec: 10 },
  } as const;

  it('sends a problematic client so many messages a second and no more, in order and without a loss', () => {
    const bench = new OversightBench(settings);
    const client = bench.connect('a');
    fail(bench, client);
    bench.publishMany(50);
    const got: number[] = [];
    for (let second = 1; second <= 4; second += 1) {
      for (let step = 0; step < 20; step += 1) {
        bench.time.runFor(50);
        for (const seq of seqs(client)) {
          got.push(seq);
          client.ack(seq);
        }
      }
      // One may be made up for.
      expect(got.length).toBeGreaterThanOrEqual(second * 10 - 1);
      expect(got.length).toBeLessThanOrEqual(second * 10 + 2);
    }
    expect(got).toEqual(got.map((_, index) => index + 2));
    expect(bench.statistics.throttled).toBeGreaterThan(0);
  });

  it('holds nobody else back', () => {
    const bench = new OversightBench(settings);
    const [bad, good] = [bench.connect('bad'), bench.connect('good')];
    bench.publish('unacked');
    good.ack(1);
    bench.time.runFor(700);
    bad.ack(1);
    good.messages();
    bench.publishMany(30);
    expect(seqs(good)).toHaveLength(30);
    expect(seqs(bad).length).toBeLessThanOrEqual(3);
  });

  it('ends a window after the last failure, and sends what has piled up', () => {
    const bench = new OversightBench(settings);
    const client = bench.connect('a');
    fail(bench, client);
    bench.time.runFor(10_001);
    bench.publishMany(50);
    expect(seqs(client)).toHaveLength(50);
    expect(bench.statistics.recoveredClients).toBe(1);
  });

  it('goes on after a reconnect, since a new socket is no better client', () => {
    const bench = new OversightBench(settings);
    const client = bench.connect('a');
    bench.publish('unacked');
    bench.time.runFor(700);
    const back = bench.resume(client, 1);
    bench.publishMany(20);
    expect(seqs(back).length).toBeLessThanOrEqual(3);
  });

  it('works without acks too: what has to wait leaves at the rate', () => {
    const bench = new OversightBench({ ...settings, delivery: 'at-most-once', retryAttempts: 0 });
    const client = bench.connect('a');
    client.link.sendErrors.push('EPIPE', 'EPIPE');
    bench.publishMany(2);
    expect(bench.broadcaster.oversight.failures.isProblematic('a')).toBe(true);
    bench.publishMany(40);
    expect(client.messages().length).toBeLessThanOrEqual(2);
    bench.time.runFor(2000);
    expect(client.messages().length).toBeLessThanOrEqual(22);
  });
});

describe('treatment: degraded', () => {
  const settings = { ...SETTINGS, failures: { ...PROBLEM, strategy: 'degraded', keepEvery: 4 } } as const;

  it('gives a problematic client one message in four, and a gap for the others', () => {
    const bench = new OversightBench(settings);
    const client = bench.connect('a');
    fail(bench, client);
    bench.publishMany(8, 1);
    expect(client.messages()).toEqual([
      '2',
      '3-3 overflow',
      '3-4 overflow',
      '3-5 overflow',
      '6',
      '7-7 overflow',
      '7-8 overflow',
      '7-9 overflow',
    ]);
    expect(bench.statistics).toMatchObject({ withheld: 6, overflowed: 6, gaps: 6 });
  });

  it('counts room by room', () => {
    const bench = new OversightBench(settings);
    const client = bench.connect('a', ['r', 's']);
    fail(bench, client);
    bench.publish('x', 'r');
    bench.publish('x', 's');
    expect(seqs(client)).toEqual([2, 3]);
  });

  it('drops and counts them where nobody acks', () => {
    const bench = new OversightBench({ ...settings, delivery: 'at-most-once', retryAttempts: 0 });
    const client = bench.connect('a');
    client.link.sendErrors.push('EPIPE', 'EPIPE');
    bench.publishMany(2);
    client.messages();
    bench.publishMany(8);
    expect(client.messages()).toEqual(['m1', 'm5']);
    expect(bench.statistics.withheld).toBe(6);
  });

  it('does not take what it withholds for failures of the client, so that it ends', () => {
    const bench = new OversightBench(settings);
    const client = bench.connect('a');
    fail(bench, client);
    for (let second = 0; second < 12; second += 1) {
      bench.publishMany(10);
      for (const seq of seqs(client)) client.ack(seq);
      bench.time.runFor(1000);
      for (const text of client.messages()) expect(text).toMatch(/overflow$/);
    }
    bench.publishMany(10);
    expect(seqs(client)).toHaveLength(10);
    expect(bench.statistics.recoveredClients).toBe(1);
  });
});

describe('treatment: the end', () => {
  it.each(['none', 'disconnect', 'throttle', 'degraded'] as const)(
    'leaves no timer behind: %s',
    (strategy) => {
      const bench = new OversightBench({ ...SETTINGS, failures: { ...PROBLEM, strategy } });
      fail(bench, bench.connect('a'));
      bench.publishMany(30);
      expect(bench.stop()).toBe(0);
    },
  );
});
