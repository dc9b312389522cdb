import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/broadcaster/monitoring/failure.ts';
import { FailureHandler, type FailureSettings } from '../../../src/broadcaster/monitoring/failure-handler.ts';
import { DEFAULT_SETTINGS } from '../../../src/broadcaster/setting-table.ts';
import { VirtualTime } from '../../../src/world/virtual/scheduler.ts';

class Fixture {
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
    const fixture = new Fixture();
    fixture.fail('a', 4);
    expect(fixture.handler.isProblematic('a')).toBe(false);
    fixture.fail('a', 3);
    expect(fixture.handler.isProblematic('a')).toBe(true);
    expect(fixture.problematic).toHaveLength(1);
    expect(fixture.problematic[0]?.[0]).toBe('a');
    expect(fixture.problematic[0]?.[1].map(({ detail }) => detail)).toEqual([
      'no 1',
      'no 2',
      'no 3',
      'no 4',
      'no 1',
    ]);
  });

  it('leaves a client alone whose failures are spread over more than the window', () => {
    const fixture = new Fixture({ windowMs: 60_000, historyMs: 3_600_000 });
    fixture.fail('a', 20, 15_000);
    expect(fixture.problematic).toEqual([]);
  });

  it('counts each client for itself', () => {
    const fixture = new Fixture();
    for (const clientId of ['a', 'b', 'c']) fixture.fail(clientId, 4);
    expect(fixture.problematic).toEqual([]);
  });

  it('lets go of a client after a whole window without a failure, and finds it again', () => {
    const fixture = new Fixture({ windowMs: 1000, historyMs: 60_000 });
    fixture.fail('a', 5);
    fixture.time.runFor(999);
    expect(fixture.handler.isProblematic('a')).toBe(true);
    fixture.time.runFor(2);
    expect(fixture.handler.isProblematic('a')).toBe(false);
    fixture.fail('a', 5);
    expect(fixture.problematic).toHaveLength(2);
  });

  it('starts anew with a client that was dealt with', () => {
    const fixture = new Fixture();
    fixture.fail('a', 5);
    fixture.handler.forget('a');
    fixture.fail('a', 4);
    expect(fixture.problematic).toHaveLength(1);
  });

  it('names the one with most failures', () => {
    const fixture = new Fixture();
    fixture.fail('a', 2);
    fixture.fail('b', 3);
    fixture.fail('c', 1);
    expect(fixture.handler.worst()).toBe('b');
    expect(new Fixture().handler.worst()).toBeUndefined();
  });
});

describe('failure handler: what it remembers', () => {
  it('keeps at most a hundred failures of a client', () => {
    const fixture = new Fixture();
    fixture.fail('a', 250);
    expect(fixture.handler.failuresOf('a')).toHaveLength(100);
    expect(fixture.handler.failuresOf('a').at(-1)?.detail).toBe('no 250');
    expect(fixture.handler.recorded).toBe(250);
  });

  it('keeps them for the history and no longer', () => {
    const fixture = new Fixture({ historyMs: 300_000 });
    fixture.fail('a', 1);
    fixture.time.runFor(200_000);
    fixture.fail('a', 1);
    fixture.time.runFor(100_001);
    expect(fixture.handler.failuresOf('a')).toHaveLength(1);
    fixture.time.runFor(200_000);
    expect(fixture.handler.failuresOf('a')).toEqual([]);
  });

  it('keeps a limited number of clients, and of those the ones that failed latest', () => {
    const fixture = new Fixture();
    for (let client = 0; client < 30_000; client += 1) {
      fixture.fail(`c${client}`, 1);
      if (client % 4000 === 0) fixture.fail('again', 1);
      expect(fixture.handler.failingClients).toBeLessThanOrEqual(10_000);
    }
    expect(fixture.handler.failuresOf('again')).toHaveLength(8);
    for (let client = 25_000; client < 30_000; client += 1)
      expect(fixture.handler.failuresOf(`c${client}`)).toHaveLength(1);
    expect(fixture.handler.failuresOf('c1')).toEqual([]);
  });
});

describe('failure handler: the global rate', () => {
  it('warns once when more than a tenth of the attempts fails', () => {
    const fixture = new Fixture();
    fixture.succeed(90);
    for (let client = 0; client < 10; client += 1) fixture.fail(`c${client}`, 1);
    expect(fixture.highRates).toEqual([]);
    for (let client = 0; client < 10; client += 1) fixture.fail(`c${client}`, 1);
    expect(fixture.highRates).toHaveLength(1);
    expect(fixture.highRates[0]).toBeGreaterThan(0.1);
  });

  it('says nothing of a handful of attempts', () => {
    const fixture = new Fixture();
    fixture.fail('a', 10);
    expect(fixture.highRates).toEqual([]);
  });

  it('warns again after the rate was down', () => {
    const fixture = new Fixture({ windowMs: 1000 });
    fixture.fail('a', 20);
    fixture.time.runFor(2000);
    fixture.succeed(100);
    fixture.fail('a', 1);
    fixture.fail('a', 20);
    expect(fixture.highRates).toHaveLength(2);
  });
});
