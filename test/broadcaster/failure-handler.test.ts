import { describe, expect, it } from 'vitest';
import type { Failure } from '../../src/broadcaster/failure.ts';
import { FailureHandler, type FailureSettings } from '../../src/broadcaster/failure-handler.ts';
import { DEFAULT_SETTINGS } from '../../src/broadcaster/settings.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';

class Bench {
  readonly time = new VirtualTime();
  readonly problematic: [clientId: string, lastErrors: readonly Failure[]][] = [];
  readonly highRates: number[] = [];
  readonly handler: FailureHandler;

  constructor(settings: Partial<FailureSettings> = {}) {
    this.handler = new FailureHandler({
      settings: { ...DEFAULT_SETTINGS.failures, ...settings },
      clock: this.time,
      onProblematic: (clientId, lastErrors) => this.problematic.push([clientId, lastErrors]),
      onHighRate: (ratio) => this.highRates.push(ratio),
    });
  }

  fail(clientId: string, count: number, everyMs = 0): void {
    for (let failure = 1; failure <= count; failure += 1) {
      this.handler.failed(clientId, 'ack-timeout', `no ${failure}`);
      this.time.runFor(everyMs);
    }
  }

  succeed(count: number): void {
    for (let send = 0; send < count; send += 1) this.handler.sent();
  }
}

describe('failure handler: problematic clients', () => {
  it('finds a client with its fifth failure within the window, and tells the last five once', () => {
    const bench = new Bench();
    bench.fail('a', 4);
    expect(bench.handler.isProblematic('a')).toBe(false);
    bench.fail('a', 3);
    expect(bench.handler.isProblematic('a')).toBe(true);
    expect(bench.problematic).toHaveLength(1);
    expect(bench.problematic[0]?.[0]).toBe('a');
    expect(bench.problematic[0]?.[1].map(({ detail }) => detail)).toEqual([
      'no 1',
      'no 2',
      'no 3',
      'no 4',
      'no 1',
    ]);
  });

  it('leaves a client alone whose failures are spread over more than the window', () => {
    const bench = new Bench({ windowMs: 60_000, historyMs: 3_600_000 });
    bench.fail('a', 20, 15_000);
    expect(bench.problematic).toEqual([]);
  });

  it('counts each client for itself', () => {
    const bench = new Bench();
    for (const clientId of ['a', 'b', 'c']) bench.fail(clientId, 4);
    expect(bench.problematic).toEqual([]);
  });

  it('lets go of a client after a whole window without a failure, and finds it again', () => {
    const bench = new Bench({ windowMs: 1000, historyMs: 60_000 });
    bench.fail('a', 5);
    bench.time.runFor(999);
    expect(bench.handler.isProblematic('a')).toBe(true);
    bench.time.runFor(2);
    expect(bench.handler.isProblematic('a')).toBe(false);
    bench.fail('a', 5);
    expect(bench.problematic).toHaveLength(2);
  });

  it('starts anew with a client that was dealt with', () => {
    const bench = new Bench();
    bench.fail('a', 5);
    bench.handler.forget('a');
    bench.fail('a', 4);
    expect(bench.problematic).toHaveLength(1);
  });

  it('names the one with most failures', () => {
    const bench = new Bench();
    bench.fail('a', 2);
    bench.fail('b', 3);
    bench.fail('c', 1);
    expect(bench.handler.worst()).toBe('b');
    expect(new Bench().handler.worst()).toBeUndefined();
  });
});

describe('failure handler: what it remembers', () => {
  it('keeps at most a hundred failures of a client', () => {
    const bench = new Bench();
    bench.fail('a', 250);
    expect(bench.handler.failuresOf('a')).toHaveLength(100);
    expect(bench.handler.failuresOf('a').at(-1)?.detail).toBe('no 250');
    expect(bench.handler.recorded).toBe(250);
  });

  it('keeps them for the history and no longer', () => {
    const bench = new Bench({ historyMs: 300_000 });
    bench.fail('a', 1);
    bench.time.runFor(200_000);
    bench.fail('a', 1);
    bench.time.runFor(100_001);
    expect(bench.handler.failuresOf('a')).toHaveLength(1);
    bench.time.runFor(200_000);
    expect(bench.handler.failuresOf('a')).toEqual([]);
  });

  it('keeps a limited number of clients, and forgets the one that has not failed for longest', () => {
    const bench = new Bench();
    for (let client = 0; client < 10_000; client += 1) bench.fail(`c${client}`, 1);
    bench.fail('c0', 1);
    bench.fail('new', 1);
    expect(bench.handler.failingClients).toBe(10_000);
    expect(bench.handler.failuresOf('c0')).toHaveLength(2);
    expect(bench.handler.failuresOf('c1')).toEqual([]);
  });
});

describe('failure handler: the global rate', () => {
  it('warns once when more than a tenth of the attempts fails', () => {
    const bench = new Bench();
    bench.succeed(90);
    for (let client = 0; client < 10; client += 1) bench.fail(`c${client}`, 1);
    expect(bench.highRates).toEqual([]);
    for (let client = 0; client < 10; client += 1) bench.fail(`c${client}`, 1);
    expect(bench.highRates).toHaveLength(1);
    expect(bench.highRates[0]).toBeGreaterThan(0.1);
  });

  it('says nothing of a handful of attempts', () => {
    const bench = new Bench();
    bench.fail('a', 10);
    expect(bench.highRates).toEqual([]);
  });

  it('warns again after the rate was down', () => {
    const bench = new Bench({ windowMs: 1000 });
    bench.fail('a', 20);
    bench.time.runFor(2000);
    bench.succeed(100);
    bench.fail('a', 1);
    bench.fail('a', 20);
    expect(bench.highRates).toHaveLength(2);
  });
});
