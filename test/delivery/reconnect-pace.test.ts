import { describe, expect, it } from 'vitest';
import { ReconnectPace, type ReconnectPolicy } from '../../src/delivery/reconnect-pace.ts';
import { randomStreams } from '../../src/world/random.ts';

const STRICT: ReconnectPolicy = { minMs: 100, maxMs: 1000, jitter: 'none' };
const JITTERED: ReconnectPolicy = { ...STRICT, jitter: 'full' };

/** Attempts that fail at once, with these waits in between. */
function clientAfter(policy: ReconnectPolicy, waitsMs: readonly number[]): ReconnectPace {
  const pace = new ReconnectPace(policy);
  let nowUs = 0;
  pace.connecting(nowUs);
  pace.closed(nowUs);
  for (const waitMs of waitsMs) {
    nowUs += waitMs * 1000;
    pace.connecting(nowUs);
    pace.closed(nowUs);
  }
  return pace;
}

/** The waits of a client that does as it is told, with these draws of chance. */
function backoffs({ minMs, maxMs }: ReconnectPolicy, draws: readonly number[]): number[] {
  return draws.map((draw, index) => draw * Math.min(maxMs, minMs * 2 ** index));
}

describe('the pace of reconnects', () => {
  it('is kept by waits that double up to the longest', () => {
    expect(clientAfter(STRICT, [100, 200, 400, 800, 1000, 1000]).missingBackoff).toBeUndefined();
  });

  it('is broken by waits that begin anew', () => {
    expect(clientAfter(STRICT, [100, 100, 100]).missingBackoff).toEqual({
      waits: 3,
      waitedUs: 300_000,
      backoffUs: 700_000,
      atUs: 300_000,
    });
  });

  it('is kept with jitter by waits that chance gives', () => {
    const hasty = Array.from({ length: 2000 }, (_, seed) => {
      const random = randomStreams(seed)('waits');
      const draws = Array.from({ length: 30 }, () => random.next());
      return clientAfter(JITTERED, backoffs(JITTERED, draws)).missingBackoff;
    });
    expect(hasty.filter((row) => row !== undefined)).toEqual([]);
  });

  it('is broken with jitter by waits that are always short, once they are too many for chance', () => {
    const short = Array.from({ length: 30 }, () => 50);
    expect(clientAfter(JITTERED, short.slice(0, 3)).missingBackoff).toBeUndefined();
    expect(clientAfter(JITTERED, short).missingBackoff?.waits).toBe(30);
  });

  it('counts from the last welcome, and not what somebody else decided', () => {
    const pace = clientAfter(STRICT, [100]);
    pace.welcomed();
    pace.closed(200_000);
    pace.connecting(200_001);
    pace.closed(200_002);
    pace.connecting(300_002);
    pace.closed(300_003);
    pace.forgive();
    pace.connecting(300_004);
    expect(pace.missingBackoff).toBeUndefined();
  });

  it('is not judged where the first wait is 0', () => {
    expect(clientAfter({ ...STRICT, minMs: 0 }, [0, 0, 0, 0]).missingBackoff).toBeUndefined();
  });
});
