import { describe, expect, it } from 'vitest';
import { RateGate } from '../../../src/broadcaster/monitoring/rate-gate.ts';
import { VirtualTime } from '../../../src/world/virtual/scheduler.ts';

class Fixture {
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
    const fixture = new Fixture();
    fixture.push();
    expect(fixture.passed).toBe(1);
    fixture.time.runFor(1000);
    expect(fixture.passed).toBe(11);
    fixture.time.runFor(9000);
    expect(fixture.passed).toBe(101);
  });

  it('saves nothing up while nobody sends', () => {
    const fixture = new Fixture();
    fixture.push();
    fixture.passed = 1000;
    fixture.time.runFor(60_000);
    fixture.passed = 0;
    fixture.push();
    expect(fixture.passed).toBeLessThanOrEqual(2);
  });

  it('lets everything through once it does not hold any more', () => {
    const fixture = new Fixture();
    fixture.push();
    fixture.holds = false;
    fixture.push();
    expect(fixture.passed).toBe(1000);
  });

  it('leaves no timer when it is stopped', () => {
    const fixture = new Fixture();
    fixture.push();
    expect(fixture.time.plannedCount).toBe(1);
    fixture.gate.stop();
    expect(fixture.time.plannedCount).toBe(0);
  });
});
