import { describe, expect, it } from 'vitest';
import { type FixtureClient, MonitoringFixture } from '../monitoring-fixture.ts';

/** Ack timeouts are the failures here; nobody acks. A client is problematic after two of them. */
const SETTINGS = { ackTimeoutMs: 100, maxResend: 100 } as const;
const PROBLEM = { threshold: 2, windowMs: 10_000 } as const;

/** Makes a client problematic: it leaves one message unacked for two ack timeouts, and acks it then. */
function fail(fixture: MonitoringFixture, client: FixtureClient): void {
  fixture.publish('unacked');
  fixture.time.runFor(700);
  client.ack(1);
  client.messages();
}

function seqs(client: FixtureClient): number[] {
  return client.messages().flatMap((text) => (/^\d+$/.test(text) ? [Number(text)] : []));
}

describe('penalties: none', () => {
  it('tells of a problematic client and changes nothing about what it gets', () => {
    const fixture = new MonitoringFixture({ ...SETTINGS, failures: { ...PROBLEM, strategy: 'none' } });
    const client = fixture.connect('a');
    fail(fixture, client);
    fixture.publishMany(20);
    expect(seqs(client)).toHaveLength(20);
    expect(fixture.alertNames()).toContain('problematicClient');
    expect(fixture.alerts[0]?.detail).toBe(
      'a fails again and again, strategy none: ack-timeout (no ack in time) ×2',
    );
    expect(fixture.statistics.problematicClients).toBe(1);
  });
});

describe('penalties: disconnect', () => {
  it('closes a problematic client with 4429 and keeps what it is owed', () => {
    const fixture = new MonitoringFixture({ ...SETTINGS, failures: { ...PROBLEM, strategy: 'disconnect' } });
    const client = fixture.connect('a');
    fixture.publish('unacked');
    fixture.time.runFor(700);
    expect(client.link.closedWith).toBe(4429);
    expect(fixture.statistics.problemDisconnects).toBe(1);
    client.drop();
    fixture.publishMany(3);
    const back = fixture.resume(client, 0);
    expect(back.messages()).toEqual(['1#3', '2', '3', '4']);
  });

  it('leaves a client that does not fail alone', () => {
    const fixture = new MonitoringFixture({ ...SETTINGS, failures: { ...PROBLEM, strategy: 'disconnect' } });
    const [bad, good] = [fixture.connect('bad'), fixture.connect('good')];
    fixture.publish('unacked');
    good.ack(1);
    fixture.time.runFor(700);
    expect([bad.link.closedWith, good.link.closedWith]).toEqual([4429, undefined]);
  });
});

describe('penalties: throttle', () => {
  const settings = {
    ...SETTINGS,
    failures: { ...PROBLEM, strategy: 'throttle', throttlePerSec: 10 },
  } as const;

  it('sends a problematic client so many messages a second and no more, in order and without a loss', () => {
    const fixture = new MonitoringFixture(settings);
    const client = fixture.connect('a');
    fail(fixture, client);
    fixture.publishMany(50);
    const got: number[] = [];
    for (let second = 1; second <= 4; second += 1) {
      for (let step = 0; step < 20; step += 1) {
        fixture.time.runFor(50);
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
    expect(fixture.statistics.throttled).toBeGreaterThan(0);
  });

  it('holds nobody else back', () => {
    const fixture = new MonitoringFixture(settings);
    const [bad, good] = [fixture.connect('bad'), fixture.connect('good')];
    fixture.publish('unacked');
    good.ack(1);
    fixture.time.runFor(700);
    bad.ack(1);
    good.messages();
    fixture.publishMany(30);
    expect(seqs(good)).toHaveLength(30);
    expect(seqs(bad).length).toBeLessThanOrEqual(3);
  });

  it('ends a window after the last failure, and sends what has piled up', () => {
    const fixture = new MonitoringFixture(settings);
    const client = fixture.connect('a');
    fail(fixture, client);
    fixture.time.runFor(10_001);
    fixture.publishMany(50);
    expect(seqs(client)).toHaveLength(50);
    expect(fixture.statistics.recoveredClients).toBe(1);
  });

  it('goes on after a reconnect, since a new socket is no better client', () => {
    const fixture = new MonitoringFixture(settings);
    const client = fixture.connect('a');
    fixture.publish('unacked');
    fixture.time.runFor(700);
    const back = fixture.resume(client, 1);
    fixture.publishMany(20);
    expect(seqs(back).length).toBeLessThanOrEqual(3);
  });

  it('works without acks too: what has to wait leaves at the rate', () => {
    const fixture = new MonitoringFixture({ ...settings, delivery: 'at-most-once', retryAttempts: 0 });
    const client = fixture.connect('a');
    client.link.sendErrors.push('EPIPE', 'EPIPE');
    fixture.publishMany(2);
    expect(fixture.broadcaster.monitoring.failures.isProblematic('a')).toBe(true);
    fixture.publishMany(40);
    expect(client.messages().length).toBeLessThanOrEqual(2);
    fixture.time.runFor(2000);
    expect(client.messages().length).toBeLessThanOrEqual(22);
  });
});

describe('penalties: degraded', () => {
  const settings = { ...SETTINGS, failures: { ...PROBLEM, strategy: 'degraded', keepEvery: 4 } } as const;

  it('gives a problematic client one message in four, and a gap for the others', () => {
    const fixture = new MonitoringFixture(settings);
    const client = fixture.connect('a');
    fail(fixture, client);
    fixture.publishMany(8, 1);
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
    expect(fixture.statistics).toMatchObject({ withheld: 6, overflowed: 6, gaps: 6 });
  });

  it('counts room by room', () => {
    const fixture = new MonitoringFixture(settings);
    const client = fixture.connect('a', ['r', 's']);
    fail(fixture, client);
    fixture.publish('x', 'r');
    fixture.publish('x', 's');
    expect(seqs(client)).toEqual([2, 3]);
  });

  it('drops and counts them where nobody acks', () => {
    const fixture = new MonitoringFixture({ ...settings, delivery: 'at-most-once', retryAttempts: 0 });
    const client = fixture.connect('a');
    client.link.sendErrors.push('EPIPE', 'EPIPE');
    fixture.publishMany(2);
    client.messages();
    fixture.publishMany(8);
    expect(client.messages()).toEqual(['m1', 'm5']);
    expect(fixture.statistics.withheld).toBe(6);
  });

  it('does not take what it withholds for failures of the client, so that it ends', () => {
    const fixture = new MonitoringFixture(settings);
    const client = fixture.connect('a');
    fail(fixture, client);
    for (let second = 0; second < 12; second += 1) {
      fixture.publishMany(10);
      for (const seq of seqs(client)) client.ack(seq);
      fixture.time.runFor(1000);
      for (const text of client.messages()) expect(text).toMatch(/overflow$/);
    }
    fixture.publishMany(10);
    expect(seqs(client)).toHaveLength(10);
    expect(fixture.statistics.recoveredClients).toBe(1);
  });
});

describe('penalties: the end', () => {
  it.each(['none', 'disconnect', 'throttle', 'degraded'] as const)(
    'leaves no timer behind: %s',
    (strategy) => {
      const fixture = new MonitoringFixture({ ...SETTINGS, failures: { ...PROBLEM, strategy } });
      fail(fixture, fixture.connect('a'));
      fixture.publishMany(30);
      expect(fixture.stop()).toBe(0);
    },
  );
});
