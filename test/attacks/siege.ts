import { afterEach, beforeEach, expect, it } from 'vitest';
import { ATTACKS } from './attacks.ts';
import { RawClient } from './raw-client.ts';
import { Healthy, type Latencies, Target } from './targets.ts';

/** By how much a ping may take longer than at an echo on the same machine at the same time, ms. */
const P99_MS_MAX = 200;
/** A busy machine may hold one process up and not the other; a server that is at fault is so each time. */
const TRIES = 3;

/** Tests of a target under each attack, a new process for each: it stays up, within its memory, and answers others soon. */
export function besiege(start: () => Promise<Target>): void {
  let target: Target;
  let echo: Target;
  let healthy: Healthy;

  beforeEach(async () => {
    [target, echo] = await Promise.all([start(), Target.echo()]);
    healthy = await Healthy.start(target, echo);
  });

  afterEach(async () => {
    healthy.stop();
    await Promise.all([target.stop(), echo.stop()]);
  });

  it.each(ATTACKS)('bears $name', async ({ prepare, run, memoryMbMax }) => {
    target.resetPeak();
    let p99Ms = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < TRIES && p99Ms > P99_MS_MAX; attempt += 1) {
      await prepare?.(target.url);
      healthy.begin();
      await run(target.url);
      p99Ms = excessOf(await healthy.end());

      expect([target.isUp, healthy.isUp]).toEqual([true, true]);
      expect(target.peakMb).toBeLessThan(memoryMbMax);
    }
    expect(p99Ms).toBeLessThan(P99_MS_MAX);
    const after = await RawClient.welcomed(target.url, 'after the attack');
    expect(after.closed).toBe(false);
    after.drop();
  });
}

function excessOf({ server, echo }: Latencies): number {
  expect(Math.min(server.length, echo.length)).toBeGreaterThan(20);
  return p99(server) - p99(echo);
}

function p99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.99) - 1] ?? Number.NaN;
}
