import { describe, expect, it } from 'vitest';
import { BroadcastMetrics } from '../../../src/broadcaster/monitoring/broadcast-metrics.ts';
import { VirtualTime } from '../../../src/world/virtual/scheduler.ts';

function fixture(windowMs = 60_000): { readonly time: VirtualTime; readonly metrics: BroadcastMetrics } {
  const time = new VirtualTime();
  return { time, metrics: new BroadcastMetrics({ windowMs, clock: time }) };
}

describe('broadcast metrics', () => {
  it('know no ratio and no latency without an attempt', () => {
    const { metrics } = fixture();
    expect(metrics.summary()).toMatchObject({
      sent: 0,
      failed: 0,
      successRatio: undefined,
      latencyMeanUs: undefined,
    });
    expect(metrics.failureRatio).toBe(0);
  });

  it('tell success, mean latency and failures by kind', () => {
    const { metrics } = fixture();
    for (let send = 0; send < 6; send += 1) metrics.sent();
    metrics.took(10_000);
    metrics.took(30_000);
    metrics.failed('ack-timeout');
    metrics.failed('buffer-full');
    const { successRatio, failureRatio, latencyMeanUs, failures } = metrics.summary();
    expect([successRatio, failureRatio, latencyMeanUs]).toEqual([0.75, 0.25, 20_000]);
    expect(failures).toMatchObject({ 'ack-timeout': 1, 'buffer-full': 1, overflow: 0 });
  });

  it('count several failures of one kind at once', () => {
    const { metrics } = fixture();
    metrics.failed('send-error', 7);
    expect(metrics.summary().failures['send-error']).toBe(7);
  });

  it('forget what has left the window, bucket by bucket', () => {
    const { time, metrics } = fixture();
    metrics.failed('overflow');
    time.runFor(30_000);
    metrics.failed('overflow');
    expect(metrics.attempts).toBe(2);
    time.runFor(31_000);
    expect(metrics.attempts).toBe(1);
    time.runFor(31_000);
    expect(metrics.attempts).toBe(0);
  });

  it('forget everything after a pause longer than the window', () => {
    const { time, metrics } = fixture(1000);
    metrics.sent();
    metrics.took(5);
    expect(metrics.attempts).toBe(1);
    time.runFor(10_000);
    expect(metrics.summary()).toMatchObject({ sent: 0, latencyMeanUs: undefined });
  });

  it('never count below zero, whatever the rhythm', () => {
    const { time, metrics } = fixture(700);
    for (let turn = 1; turn <= 500; turn += 1) {
      metrics.sent();
      if (turn % 7 === 0) metrics.failed('missed-pong');
      time.runFor((turn * 13) % 29);
      expect(metrics.summary().sent).toBeGreaterThanOrEqual(0);
      expect(metrics.summary().failed).toBeGreaterThanOrEqual(0);
    }
    time.runFor(701);
    expect(metrics.attempts).toBe(0);
  });
});
