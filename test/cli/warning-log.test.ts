import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WarningLog } from '../../src/cli/warning-log.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the warnings of a server', () => {
  it('are a few of each kind at a time, and how many were left out', () => {
    const lines: string[] = [];
    const log = new WarningLog((line) => lines.push(line));
    for (let client = 0; client < 12_000; client += 1) log.warn('problematicClient', `c${client} fails`);
    log.warn('buffer', 'it is full');
    expect(lines).toEqual([
      ...[0, 1, 2, 3, 4].map((client) => `warning: c${client} fails`),
      'warning: it is full',
    ]);
    vi.advanceTimersByTime(5000);
    expect(lines.slice(6)).toEqual(['warning: 11995 more of the kind problematicClient within 5 s']);
    log.warn('problematicClient', 'c7 fails again');
    expect(lines.at(-1)).toBe('warning: c7 fails again');
  });

  it('are counted to the end', () => {
    const lines: string[] = [];
    const log = new WarningLog((line) => lines.push(line));
    for (let times = 0; times < 6; times += 1) log.warn('buffer', 'it is full');
    log.close();
    expect(lines.at(-1)).toBe('warning: 1 more of the kind buffer within 5 s');
  });
});
