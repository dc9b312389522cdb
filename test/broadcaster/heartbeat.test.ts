import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Heartbeat, KERNEL_BYTES_MAX } from '../../src/broadcaster/heartbeat.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';
import { FakeLink } from '../protocol/fake-link.ts';

const RATE = 32_768;
const SETTINGS = {
  pingIntervalMs: 1000,
  pongTimeoutMs: 300,
  missedPongsMax: 2,
  readBytesPerSecMin: RATE,
};

class Fixture {
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
    const fixture = new Fixture();
    for (let tenths = 0; tenths < 100; tenths += 1) {
      const { pings } = fixture.link;
      fixture.time.runFor(100);
      if (fixture.link.pings > pings) fixture.heartbeat.life();
    }
    // 10 s, the first ping after half an interval.
    expect([fixture.link.pings, fixture.missed, fixture.staleUs]).toEqual([10, 0, -1]);
  });

  it('reports a peer that answers nothing after the missed pongs that are allowed', () => {
    const fixture = new Fixture();
    fixture.time.runFor(500 + 1000 + 299);
    expect([fixture.link.pings, fixture.missed, fixture.staleUs]).toEqual([2, 1, -1]);
    expect(fixture.heartbeat.healthy).toBe(false);
    fixture.time.runFor(1);
    expect([fixture.missed, fixture.staleUs > 0]).toEqual([2, true]);
  });

  it('asks nothing more of a peer that it has reported', () => {
    const fixture = new Fixture();
    fixture.time.runFor(60_000);
    expect([fixture.link.pings, fixture.time.plannedCount]).toEqual([2, 0]);
  });

  it('forgets missed pongs as soon as anything comes', () => {
    const fixture = new Fixture();
    for (let round = 0; round < 20; round += 1) {
      fixture.time.runFor(1500);
      fixture.heartbeat.life();
    }
    expect(fixture.staleUs).toBe(-1);
    expect(fixture.heartbeat.healthy).toBe(true);
  });

  it('takes a part of a frame for life: its pong may wait behind the rest', () => {
    const fixture = new Fixture();
    for (let seconds = 0; seconds < 20; seconds += 1) {
      fixture.time.runFor(700);
      fixture.link.receivedBytes += 4096;
      fixture.time.runFor(300);
    }
    expect([fixture.missed, fixture.staleUs]).toEqual([0, -1]);
    fixture.time.runFor(2300);
    expect([fixture.missed, fixture.staleUs > 0]).toEqual([2, true]);
  });

  it('waits for a pong behind what was sent before its ping', () => {
    const fixture = new Fixture();
    fixture.link.sentBytes += 8 * RATE;
    // The ping leaves after 500 ms; its pong may take 8 s and the timeout.
    fixture.time.runFor(500 + 8299);
    expect([fixture.link.pings, fixture.missed]).toEqual([1, 0]);
    fixture.heartbeat.pong();
    fixture.time.runFor(1000);
    expect([fixture.link.pings, fixture.missed]).toEqual([2, 0]);
  });

  it('reports a peer that is gone when it had the time to read what was sent, and not before', () => {
    const fixture = new Fixture();
    fixture.link.sentBytes += 8 * RATE;
    fixture.time.runFor(500 + 8300 + 999);
    expect([fixture.link.pings, fixture.missed, fixture.staleUs]).toEqual([2, 1, -1]);
    fixture.time.runFor(1);
    expect(fixture.staleUs).toBe(fixture.time.nowUs());
  });

  it('gives no time for what a pong has shown to be read', () => {
    const fixture = new Fixture();
    fixture.link.sentBytes += 8 * RATE;
    fixture.time.runFor(600);
    fixture.heartbeat.pong();
    fixture.time.runFor(900 + 300);
    expect([fixture.link.pings, fixture.missed]).toEqual([2, 1]);
  });

  it('takes nothing for read that the answered ping had overtaken', () => {
    const fixture = new Fixture();
    fixture.link.sentBytes += 8 * RATE;
    fixture.link.queuedBytes = 8 * RATE;
    fixture.time.runFor(500);
    fixture.heartbeat.pong();
    fixture.link.queuedBytes = 0;
    // The next ping leaves 1 s after the first: 7 s are left for reading.
    fixture.time.runFor(1000 + 7299);
    expect([fixture.link.pings, fixture.missed]).toEqual([2, 0]);
  });

  it('takes a pong that comes after two pings for the answer to the first', () => {
    const fixture = new Fixture({ ...SETTINGS, missedPongsMax: 3 });
    fixture.time.runFor(500);
    fixture.link.sentBytes += 8 * RATE;
    fixture.time.runFor(1000);
    expect([fixture.link.pings, fixture.missed]).toEqual([2, 1]);
    fixture.heartbeat.pong();
    // What was sent between the two is in front of the second one, but for what was read in 0.7 s: no third one yet.
    fixture.time.runFor(7599);
    expect([fixture.link.pings, fixture.missed]).toEqual([2, 1]);
  });

  it('takes no more for unread than kernels hold', () => {
    const fixture = new Fixture();
    fixture.link.sentBytes += 100 * KERNEL_BYTES_MAX;
    const beganUs = fixture.time.nowUs();
    fixture.time.run();
    const readingUs = (KERNEL_BYTES_MAX / RATE) * 1_000_000;
    expect(fixture.staleUs - beganUs).toBe(500_000 + readingUs + 1_300_000);
  });

  it('stops', () => {
    const fixture = new Fixture();
    fixture.time.runFor(600);
    fixture.heartbeat.stop();
    fixture.time.runFor(60_000);
    expect([fixture.link.pings, fixture.staleUs, fixture.time.plannedCount]).toEqual([1, -1, 0]);
  });

  it('spreads the first pings of a crowd over half an interval', () => {
    const [early, late] = [new Fixture(SETTINGS, 0), new Fixture(SETTINGS, 0.999)];
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
    readBytesPerSecMin: fc.constant(RATE),
  });

  it('detects silence within so many intervals and a timeout, whenever it begins', () => {
    fc.assert(
      fc.property(
        settings,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.nat(5000),
        (one, chance, lastMs) => {
          const fixture = new Fixture(one, chance);
          // A peer that answers within the timeout, until it falls silent.
          for (let ms = 0; ms < lastMs; ms += 1) {
            fixture.time.runFor(1);
            fixture.heartbeat.life();
          }
          expect(fixture.staleUs).toBe(-1);
          const silentUs = fixture.time.nowUs();
          fixture.time.run();
          const { missedPongsMax, pongTimeoutMs } = one;
          const budgetMs = Math.max(one.pingIntervalMs, pongTimeoutMs) * missedPongsMax + pongTimeoutMs;
          expect(fixture.staleUs - silentUs).toBeGreaterThan(0);
          expect(fixture.staleUs - silentUs).toBeLessThanOrEqual(budgetMs * 1000);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('never reports a peer that answers each ping within the timeout', () => {
    fc.assert(
      fc.property(settings, fc.double({ min: 0, max: 1, noNaN: true }), (one, ratio) => {
        const fixture = new Fixture(one);
        const answerMs = (one.pongTimeoutMs - 0.001) * ratio;
        fixture.link.ping = () => {
          fixture.time.after(answerMs * 1000, () => fixture.heartbeat.life());
          return 0;
        };
        fixture.time.runFor(60_000);
        expect([fixture.missed, fixture.staleUs]).toEqual([0, -1]);
      }),
      { numRuns: 60 },
    );
  });
});
