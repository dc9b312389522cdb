import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProgressDisplay } from '../../src/cli/progress.ts';
import type { RunProgress } from '../../src/run/run-progress.ts';

const START: RunProgress = {
  phase: 'load',
  elapsedMs: 0,
  totalMs: 10_000,
  connected: 30,
  asked: 30,
  published: 0,
  delivered: 0,
  pending: undefined,
  pushP99Us: undefined,
  faults: [],
};

let written: string[];

beforeEach(() => {
  written = [];
  vi.useFakeTimers({ toFake: ['performance'] });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  // Without a terminal, whatever the tests are run from.
  vi.stubEnv('TERM', 'dumb');
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Shows a run that publishes 10 messages a second to 30 clients, ten times a second. */
function showFor(display: ProgressDisplay, ms: number, phase: RunProgress['phase'] = 'load'): void {
  for (let elapsedMs = 0; elapsedMs < ms; elapsedMs += 100) {
    vi.advanceTimersByTime(100);
    display.show({
      ...START,
      phase,
      elapsedMs,
      published: elapsedMs / 100,
      delivered: (elapsedMs / 100) * 30,
    });
  }
}

describe('ProgressDisplay without a terminal', () => {
  it('writes a line for each phase at once, and then one every two seconds', () => {
    const display = new ProgressDisplay({ quiet: false, color: false });
    showFor(display, 5000);
    showFor(display, 1000, 'drain');
    expect(written.map((text) => text.slice(0, text.indexOf(']') + 1))).toEqual([
      '[load 0.0/10.0 s]',
      '[load 2.0/10.0 s]',
      '[load 4.0/10.0 s]',
      '[drain 0.0/10.0 s]',
    ]);
    for (const text of written) expect(text).toMatch(/^\[[ -~]+\n$/);
  });

  it('tells rates of the last second, and none before there was one', () => {
    const display = new ProgressDisplay({ quiet: false, color: false });
    showFor(display, 5000);
    expect(written[0]).toContain('  0/s delivered');
    expect(written[2]).toContain('  300/s delivered');
    expect(written[2]).toContain('  10/s published');
  });

  it('writes nothing when it is to be quiet', () => {
    const display = new ProgressDisplay({ quiet: true, color: false });
    showFor(display, 5000);
    display.stop();
    expect(written).toEqual([]);
  });
});
