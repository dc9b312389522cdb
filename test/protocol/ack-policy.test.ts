import { describe, expect, it } from 'vitest';
import { AckPolicy } from '../../src/protocol/ack-policy.ts';

describe('ack policy', () => {
  it('acks every message at once in mode each', () => {
    const policy = new AckPolicy({ mode: 'each' });
    expect([policy.isDue(0), policy.isDue(1)]).toEqual([true, true]);
  });

  it('is due after every so many messages in mode cumulative', () => {
    const policy = new AckPolicy({ mode: 'cumulative', every: 3, delayMs: 50 });
    expect([1, 2, 3].map((floor) => policy.isDue(floor))).toEqual([false, false, true]);
    expect(policy.take(3)).toBe(3);
    expect(policy.lastAcked).toBe(3);
    expect([4, 5, 6].map((floor) => policy.isDue(floor))).toEqual([false, false, true]);
  });

  it('waits for the delay while a hole keeps the floor where it was', () => {
    const policy = new AckPolicy({ mode: 'cumulative', every: 2, delayMs: 50 });
    policy.take(5);
    expect([5, 5, 5, 5].map((floor) => policy.isDue(floor))).toEqual([false, false, false, false]);
    expect(policy.isDue(9)).toBe(true);
  });

  it('has nothing to ack before anything was handled', () => {
    const policy = new AckPolicy({ mode: 'cumulative', every: 2, delayMs: 50 });
    expect(policy.take(0)).toBeUndefined();
  });

  it('starts over in a new session', () => {
    const policy = new AckPolicy({ mode: 'cumulative', every: 2, delayMs: 50 });
    policy.isDue(1);
    policy.take(100);
    policy.reset();
    expect(policy.lastAcked).toBe(0);
    expect([policy.isDue(1), policy.isDue(2)]).toEqual([false, true]);
  });
});
