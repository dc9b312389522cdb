import { describe, expect, it } from 'vitest';
import { RateGate } from '../../src/broadcaster/rate-gate.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';

class Bench {
  readonly time = new VirtualTime();
  holds = true;
  passed = 0;
  readonly gate = new RateGate({
    perSec: 10,
    clock: this.time,
    timers: this.time,
    holds: () => this.holds,
    open: () => this.push(),
  });

  /** Pushes as much through as it takes. */
  push(): void {
    while (this.passed < 1000 && this.gate.admits()) this.passed += 1;
  }
}

describe('rate gate', () => {
  it('lets through what the rate allows, and opens by itself for the next', () => {
    const bench = new Bench();
    bench.push();
    expect(bench.passed).toBe(1);
    bench.time.runFor(1000);
    expect(bench.passed).toBe(11);
    bench.time.runFor(9000);
    expect(bench.passed).toBe(101);
  });

  it('saves nothing up while nobody sends', () => {
    const bench = new Bench();
    bench.push();
    bench.passed = 1000;
    bench.time.runFor(60_000);
    bench.passed = 0;
    bench.push();
    expect(bench.passed).toBeLessThanOrEqual(2);
  });

  it('lets everything through once it does not hold any more', () => {
    const bench = new Bench();
    bench.push();
    bench.holds = false;
    bench.push();
    expect(bench.passed).toBe(1000);
  });

  it('leaves no timer when it is stopped', () => {
    const bench = new Bench();
    bench.push();
    expect(bench.time.plannedCount).toBe(1);
    bench.gate.stop();
    expect(bench.time.plannedCount).toBe(0);
  });
});
