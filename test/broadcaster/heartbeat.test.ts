import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Heartbeat } from '../../src/broadcaster/heartbeat.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';
import { FakeLink } from '../protocol/fake-link.ts';

const SETTINGS = { pingIntervalMs: 1000, pongTimeoutMs: 300, missedPongsMax: 2 };

class Bench {
  readonly time = new VirtualTime();
  readonly link = new FakeLink();
  readonly heartbeat: Heartbeat;
  staleUs = -1;
  missed = 0;

  constructor(settings = SETTINGS, chance = 0) {
    this.heartbeat = new Heartbeat({
      settings,
      timers: this.time,
      random: { next: () => chance },
      link: this.link,
      onMissed: () => {
        this.missed += 1;
      },
      onStale: () => {
        this.staleUs = this.time.nowUs();
      },
    });
  }
}

describe('heartbeat', () => {
  it('pings once per interval as long as pongs come', () => {
    const bench = new Bench();
    for (let tenths = 0; tenths < 100; tenths += 1) {
      const { pings } = bench.link;
      bench.time.runFor(100);
      if (bench.link.pings > pings) bench.heartbeat.life();
    }
    // 10 s, the first ping after half an interval.
    expect([bench.link.pings, bench.missed, bench.staleUs]).toEqual([10, 0, -1]);
  });

  it('reports a peer that answers nothing after the missed pongs that are allowed', () => {
    const bench = new Bench();
    bench.time.runFor(500 + 1000 + 299);
    expect([bench.link.pings, bench.missed, bench.staleUs]).toEqual([2, 1, -1]);
    expect(bench.heartbeat.healthy).toBe(false);
    bench.time.runFor(1);
    expect([bench.missed, bench.staleUs > 0]).toEqual([2, true]);
  });

  it('asks nothing more of a peer that it has reported', () => {
    const bench = new Bench();
    bench.time.runFor(60_000);
    expect([bench.link.pings, bench.time.plannedCount]).toEqual([2, 0]);
  });

  it('forgets missed pongs as soon as anything comes', () => {
    const bench = new Bench();
    for (let round = 0; round < 20; round += 1) {
      bench.time.runFor(1500);
      bench.heartbeat.life();
    }
    expect(bench.staleUs).toBe(-1);
    expect(bench.heartbeat.healthy).toBe(true);
  });

  it('takes a part of a frame for life: its pong may wait behind the rest', () => {
    const bench = new Bench();
    for (let seconds = 0; seconds < 20; seconds += 1) {
      bench.time.runFor(700);
      bench.link.receivedBytes += 4096;
      bench.time.runFor(300);
    }
    expect([bench.missed, bench.staleUs]).toEqual([0, -1]);
    bench.time.runFor(2300);
    expect([bench.missed, bench.staleUs > 0]).toEqual([2, true]);
  });

  it('stops', () => {
    const bench = new Bench();
    bench.time.runFor(600);
    bench.heartbeat.stop();
    bench.time.runFor(60_000);
    expect([bench.link.pings, bench.staleUs, bench.time.plannedCount]).toEqual([1, -1, 0]);
  });

  it('spreads the first pings of a crowd over half an interval', () => {
    const [early, late] = [new Bench(SETTINGS, 0), new Bench(SETTINGS, 0.999)];
    early.time.runFor(500);
    late.time.runFor(999);
    expect([early.link.pings, late.link.pings]).toEqual([1, 0]);
    late.time.runFor(1);
    expect(late.link.pings).toBe(1);
  });

  const settings = fc.record({
    pingIntervalMs: fc.integer({ min: 10, max: 2000 }),
    pongTimeoutMs: fc.integer({ min: 1, max: 3000 }),
    missedPongsMax: fc.integer({ min: 1, max: 5 }),
  });

  it('detects silence within so many intervals and a timeout, whenever it begins', () => {
    fc.assert(
      fc.property(
        settings,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.nat(5000),
        (one, chance, lastMs) => {
          const bench = new Bench(one, chance);
          // A peer that answers within the timeout, until it falls silent.
          for (let ms = 0; ms < lastMs; ms += 1) {
            bench.time.runFor(1);
            bench.heartbeat.life();
          }
          expect(bench.staleUs).toBe(-1);
          const silentUs = bench.time.nowUs();
          bench.time.run();
          const { missedPongsMax, pongTimeoutMs } = one;
          const budgetMs = Math.max(one.pingIntervalMs, pongTimeoutMs) * missedPongsMax + pongTimeoutMs;
          expect(bench.staleUs - silentUs).toBeGreaterThan(0);
          expect(bench.staleUs - silentUs).toBeLessThanOrEqual(budgetMs * 1000);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('never reports a peer that answers each ping within the timeout', () => {
    fc.assert(
      fc.property(settings, fc.double({ min: 0, max: 1, noNaN: true }), (one, ratio) => {
        const bench = new Bench(one);
        const answerMs = (one.pongTimeoutMs - 0.001) * ratio;
        bench.link.ping = () => {
          bench.time.after(answerMs * 1000, () => bench.heartbeat.life());
        };
        bench.time.runFor(60_000);
        expect([bench.missed, bench.staleUs]).toEqual([0, -1]);
      }),
      { numRuns: 60 },
    );
  });
});
