import { describe, expect, it } from 'vitest';
import { formatProgress, formatProgressLine, type ProgressState } from '../../src/report/progress.ts';

const STATE: ProgressState = {
  phase: 'load',
  elapsedMs: 6234,
  totalMs: 16_000,
  clientsConnected: 998,
  clientsAsked: 1000,
  publishedPerSec: 50,
  deliveredPerSec: 45_012.3,
  outboxPending: 1234,
  pushP99Us: 18_123,
  faultsActive: ['half-open', 'lose-acks'],
};

describe('formatProgress', () => {
  it('tells everything where there is room', () => {
    expect(formatProgress(STATE, 140)).toBe(
      'load ████░░░░░░ 6.2/16.0 s  998/1 000 clients  45 012/s delivered  p99 18.1 ms  half-open, lose-acks  1 234 pending  50/s published',
    );
  });

  it('is never wider than the terminal and keeps phase and time to the last', () => {
    for (let width = 0; width <= 140; width += 1)
      expect(formatProgress(STATE, width).length).toBeLessThanOrEqual(width);
    expect(formatProgress(STATE, 20)).toBe('load 6.2/16.0 s');
  });

  it('says nothing of an outbox it cannot see, and has no p99 before the first delivery', () => {
    const text = formatProgress(
      { ...STATE, outboxPending: undefined, pushP99Us: undefined, faultsActive: [] },
      140,
    );
    expect(text).toContain('p99 ?');
    expect(text).not.toContain('pending');
  });

  it('keeps its gauge when a phase takes longer than planned or has no length', () => {
    expect(formatProgress({ ...STATE, elapsedMs: 99_000 }, 40)).toContain('██████████');
    expect(formatProgress({ ...STATE, totalMs: 0 }, 40)).toContain('░░░░░░░░░░');
  });
});

describe('formatProgressLine', () => {
  it('leaves out a planned time that nobody knows', () => {
    expect(formatProgressLine({ ...STATE, totalMs: 0 })).toContain('[load 6.2 s]');
  });

  it('is one line with everything', () => {
    expect(formatProgressLine(STATE)).toBe(
      '[load 6.2/16.0 s]  998/1 000 clients  45 012/s delivered  p99 18.1 ms  half-open, lose-acks  1 234 pending  50/s published',
    );
  });
});
