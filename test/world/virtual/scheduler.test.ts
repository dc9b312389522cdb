import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Timer } from '../../../src/protocol/ports.ts';
import { VirtualTime } from '../../../src/world/virtual/scheduler.ts';

describe('virtual time', () => {
  let time: VirtualTime;
  let ran: string[];

  beforeEach(() => {
    time = new VirtualTime(0);
    ran = [];
  });

  function named(name: string): Timer {
    return new Timer(() => ran.push(`${name}@${time.nowUs()}`));
  }

  it('runs events by instant, and those of one instant in the order they were planned', () => {
    time.at(20, () => ran.push('late'));
    time.at(10, () => ran.push('a'));
    time.arm(named('b'), 0.01);
    time.at(10, () => ran.push('c'));
    time.run();
    expect(ran).toEqual(['a', 'b@10', 'c', 'late']);
    expect(time.eventCount).toBe(4);
  });

  it('runs an event planned for now after what is planned for now already', () => {
    time.at(5, () => {
      time.after(0, () => ran.push('planned in it'));
      ran.push('first');
    });
    time.at(5, () => ran.push('second'));
    time.run();
    expect(ran).toEqual(['first', 'second', 'planned in it']);
  });

  it('stops at the instant asked for and leaves the clock there', () => {
    time.arm(named('in'), 10);
    time.arm(named('out'), 10.001);
    time.run(10_000);
    expect(ran).toEqual(['in@10000']);
    expect(time.nowUs()).toBe(10_000);
    expect(time.plannedCount).toBe(1);
    time.runFor(1);
    expect(ran).toEqual(['in@10000', 'out@10001']);
    expect(time.nowUs()).toBe(11_000);
  });

  it('moves and disarms timers', () => {
    const moved = named('moved');
    const never = named('never');
    time.arm(moved, 1);
    time.arm(never, 2);
    time.arm(moved, 3);
    time.disarm(never);
    time.disarm(never);
    time.run();
    expect(ran).toEqual(['moved@3000']);
    expect([moved.armed, never.armed]).toEqual([false, false]);
  });

  it('steps one event at a time', () => {
    time.arm(named('a'), 1);
    expect(time.step()).toBe(true);
    expect(time.step()).toBe(false);
    expect(ran).toEqual(['a@1000']);
  });

  it('refuses to run inside an event, and goes on after an event that throws', () => {
    time.at(1, () => time.run());
    time.at(2, () => ran.push('after'));
    expect(() => time.run()).toThrow('Cannot run virtual time');
    time.run();
    expect(ran).toEqual(['after']);
  });

  it('runs any schedule in the order of a stable sort', () => {
    const operation = fc.record({ timer: fc.nat(5), delayMs: fc.nat(20), disarm: fc.boolean() });
    fc.assert(
      fc.property(fc.array(operation), (operations) => {
        const tested = new VirtualTime(0);
        const order: number[] = [];
        const timers = Array.from({ length: 6 }, (_, index) => new Timer(() => order.push(index)));
        const expected = new Map<number, number>();
        for (const { timer, delayMs, disarm } of operations) {
          expected.delete(timer);
          if (disarm) {
            tested.disarm(timers[timer] as Timer);
          } else {
            tested.arm(timers[timer] as Timer, delayMs);
            expected.set(timer, delayMs);
          }
        }
        tested.run();
        // A Map keeps the order of insertion, which is the order of arming.
        expect(order).toEqual([...expected].toSorted((a, b) => a[1] - b[1]).map(([timer]) => timer));
      }),
    );
  });
});
