import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Timer } from '../../../src/protocol/ports.ts';
import { TimerWheel } from '../../../src/world/real/timer-wheel.ts';

const clock = { nowUs: () => Date.now() * 1000 };

describe('timer wheel', () => {
  let wheel: TimerWheel;
  let fired: string[];

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
    wheel = new TimerWheel(clock);
    fired = [];
  });

  afterEach(() => {
    wheel.close();
    vi.useRealTimers();
  });

  function named(name: string): Timer {
    return new Timer(() => fired.push(name));
  }

  it('fires once, at its delay and not before', () => {
    const timer = named('a');
    wheel.arm(timer, 50);
    expect(timer.armed).toBe(true);
    vi.advanceTimersByTime(49);
    expect(fired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(fired).toEqual(['a']);
    expect(timer.armed).toBe(false);
    vi.advanceTimersByTime(10_000);
    expect(fired).toEqual(['a']);
  });

  it('never fires in the turn of arming, even with no delay', () => {
    wheel.arm(named('now'), 0);
    expect(fired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(fired).toEqual(['now']);
  });

  it('takes a timer that only yields at its word when that changes', () => {
    const [moved, disarmed, hurried] = [named('moved'), named('disarmed'), named('hurried')];
    for (const timer of [moved, disarmed]) wheel.arm(timer, 0);
    wheel.arm(moved, 3);
    wheel.disarm(disarmed);
    wheel.arm(hurried, 500);
    wheel.arm(hurried, 0);
    expect(wheel.armedCount).toBe(2);
    vi.advanceTimersByTime(1);
    expect(fired).toEqual(['hurried']);
    vi.advanceTimersByTime(2);
    expect(fired).toEqual(['hurried', 'moved']);
    vi.advanceTimersByTime(1000);
    expect([fired.length, wheel.armedCount]).toEqual([2, 0]);
  });

  it('lets others have a turn each time that a timer yields', () => {
    let turns = 0;
    const timer = new Timer(() => {
      turns += 1;
      if (turns < 5) wheel.arm(timer, 0);
    });
    wheel.arm(timer, 0);
    setImmediate(() => fired.push(`after ${turns}`));
    vi.advanceTimersByTime(1);
    expect(fired).toEqual(['after 1']);
    vi.advanceTimersByTime(10);
    expect(turns).toBe(5);
  });

  it('fires nothing that only yielded once it is closed', () => {
    wheel.arm(named('a'), 0);
    wheel.close();
    vi.advanceTimersByTime(10);
    expect([fired, wheel.armedCount]).toEqual([[], 0]);
  });

  it('fires delays beyond a whole turn of the wheel', () => {
    wheel.arm(named('long'), 30_000);
    wheel.arm(named('longer'), 30_000 + 4096);
    vi.advanceTimersByTime(29_999);
    expect(fired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(fired).toEqual(['long']);
    vi.advanceTimersByTime(4096);
    expect(fired).toEqual(['long', 'longer']);
  });

  it('fires in due order and then in arming order within a turn', () => {
    wheel.arm(named('third'), 5);
    wheel.arm(named('first'), 4.2);
    wheel.arm(named('second'), 4.7);
    wheel.arm(named('fourth'), 5);
    vi.setSystemTime(Date.now() + 100);
    vi.advanceTimersByTime(20);
    expect(fired).toEqual(['first', 'second', 'third', 'fourth']);
  });

  it('moves an armed timer to a later and to an earlier instant', () => {
    const timer = named('moved');
    wheel.arm(timer, 10);
    wheel.arm(timer, 100);
    vi.advanceTimersByTime(99);
    expect(fired).toEqual([]);
    wheel.arm(timer, 50);
    wheel.arm(timer, 5);
    vi.advanceTimersByTime(5);
    expect(fired).toEqual(['moved']);
    vi.advanceTimersByTime(1000);
    expect(fired).toEqual(['moved']);
  });

  it('does not fire a disarmed timer, and disarming twice is harmless', () => {
    const timer = named('never');
    wheel.disarm(timer);
    wheel.arm(timer, 10);
    wheel.disarm(timer);
    wheel.disarm(timer);
    vi.advanceTimersByTime(100);
    expect(fired).toEqual([]);
    expect(wheel.armedCount).toBe(0);
  });

  it('does not fire a timer that an earlier one of the same turn disarmed or moved', () => {
    const disarmed = named('disarmed');
    const moved = named('moved');
    const first = new Timer(() => {
      wheel.disarm(disarmed);
      wheel.arm(moved, 20);
    });
    wheel.arm(first, 5);
    wheel.arm(disarmed, 5);
    wheel.arm(moved, 5);
    vi.advanceTimersByTime(15);
    expect(fired).toEqual([]);
    vi.advanceTimersByTime(10);
    expect(fired).toEqual(['moved']);
  });

  it('fires a timer that rearms itself again and again', () => {
    const periodic: Timer = new Timer(() => {
      fired.push('tick');
      if (fired.length < 100) wheel.arm(periodic, 7);
    });
    wheel.arm(periodic, 7);
    vi.advanceTimersByTime(7 * 99);
    expect(fired).toHaveLength(99);
    vi.advanceTimersByTime(7);
    expect(fired).toHaveLength(100);
  });

  it('fires the others of a turn after one that throws', () => {
    const thrower = new Timer(() => {
      throw new Error('handler bug');
    });
    wheel.arm(named('before'), 5);
    wheel.arm(thrower, 5);
    wheel.arm(named('after'), 5);
    wheel.arm(named('much later'), 500);
    expect(() => vi.advanceTimersByTime(5)).toThrow('handler bug');
    expect(fired).toEqual(['before']);
    vi.advanceTimersByTime(2);
    expect(fired).toEqual(['before', 'after']);
    vi.advanceTimersByTime(500);
    expect(fired).toEqual(['before', 'after', 'much later']);
  });

  it('fires everything that became due while the event loop was blocked for longer than a turn of the wheel', () => {
    for (const delayMs of [10, 3000, 5000, 9000, 20_000]) wheel.arm(named(String(delayMs)), delayMs);
    vi.setSystemTime(Date.now() + 10_000);
    vi.advanceTimersByTime(10);
    expect(fired).toEqual(['10', '3000', '5000', '9000']);
    vi.advanceTimersByTime(10_000);
    expect(fired.at(-1)).toBe('20000');
  });

  it('catches up in the middle of a long turn with what is late, and with nothing else', () => {
    for (const [name, delayMs] of [
      ['late', 10],
      ['next', 12],
    ] as const)
      wheel.arm(named(name), delayMs);
    vi.setSystemTime(1_000_010);
    wheel.catchUp();
    expect(fired).toEqual([]);
    vi.setSystemTime(1_000_011);
    wheel.catchUp();
    expect(fired).toEqual(['late']);
    wheel.catchUp();
    vi.advanceTimersByTime(1);
    expect(fired).toEqual(['late', 'next']);
    expect([wheel.armedCount, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it('does not catch up from within a timer', () => {
    wheel.arm(new Timer(() => wheel.catchUp()), 5);
    wheel.arm(named('second'), 5);
    vi.setSystemTime(1_000_020);
    wheel.catchUp();
    expect(fired).toEqual(['second']);
  });

  it('has one Node timer for many of its own, and none after close', () => {
    const timers = Array.from({ length: 1000 }, (_, index) => named(String(index)));
    for (const [index, timer] of timers.entries()) wheel.arm(timer, 10 + index);
    expect(vi.getTimerCount()).toBe(1);
    wheel.close();
    expect(vi.getTimerCount()).toBe(0);
    expect(timers.some((timer) => timer.armed)).toBe(false);
    wheel.arm(named('too late'), 1);
    vi.advanceTimersByTime(5000);
    expect(fired).toEqual([]);
  });

  it('fires each timer of any schedule exactly once, not early and at most a millisecond late', () => {
    const operation = fc.record({
      timer: fc.nat(9),
      delayMs: fc.oneof(fc.nat(20), fc.nat(10_000), fc.double({ min: 0, max: 5, noNaN: true })),
      disarm: fc.boolean(),
      passMs: fc.nat(3000),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
        const tested = new TimerWheel(clock);
        const dueUs = new Map<number, number>();
        const timers = Array.from(
          { length: 10 },
          (_, index) =>
            new Timer(() => {
              const lateUs = clock.nowUs() - (dueUs.get(index) ?? Number.POSITIVE_INFINITY);
              expect(lateUs >= 0 && lateUs <= 1000).toBe(true);
              dueUs.delete(index);
            }),
        );
        for (const { timer, delayMs, disarm, passMs } of operations) {
          const chosen = timers[timer] as Timer;
          if (disarm) {
            tested.disarm(chosen);
            dueUs.delete(timer);
          } else {
            tested.arm(chosen, delayMs);
            dueUs.set(timer, chosen.dueUs);
          }
          expect(tested.armedCount).toBe(dueUs.size);
          vi.advanceTimersByTime(passMs);
        }
        vi.advanceTimersByTime(20_000);
        expect(dueUs.size).toBe(0);
        tested.close();
      }),
      { numRuns: 300 },
    );
  });
});

describe('timer wheel on the real event loop', () => {
  it('keeps a process alive while something is armed, and not longer', async () => {
    const referenced = (): boolean => process.getActiveResourcesInfo().includes('Timeout');
    const wheel = new TimerWheel({ nowUs: () => Math.floor(performance.now() * 1000) });
    const timer = new Timer(() => {});
    const before = referenced();
    wheel.arm(timer, 60_000);
    expect(referenced()).toBe(true);
    wheel.disarm(timer);
    expect(referenced()).toBe(before);
    wheel.arm(timer, 60_000);
    expect(referenced()).toBe(true);
    wheel.close();
    expect(referenced()).toBe(before);
  });
});
