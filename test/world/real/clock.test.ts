import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { MachineClock } from '../../../src/world/real/clock.ts';

describe('machine clock', () => {
  it('gives integers that never go backwards', () => {
    const clock = new MachineClock();
    let before = clock.nowUs();
    for (let reading = 0; reading < 1000; reading++) {
      const now = clock.nowUs();
      expect(Number.isInteger(now)).toBe(true);
      expect(now).toBeGreaterThanOrEqual(before);
      before = now;
    }
  });

  it('agrees with the clock of another process', () => {
    const clock = new MachineClock();
    const before = clock.nowUs();
    const script = 'process.stdout.write(String(process.hrtime.bigint() / 1000n))';
    const elsewhere = Number(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }));
    const after = clock.nowUs();
    // The other process read its clock between the two readings here; a microsecond may be lost to rounding.
    expect(elsewhere).toBeGreaterThanOrEqual(before - 1);
    expect(elsewhere).toBeLessThanOrEqual(after + 1);
  });
});
