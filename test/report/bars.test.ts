import { describe, expect, it } from 'vitest';
import { bar, gauge, sparkline } from '../../src/report/bars.ts';

describe('bar', () => {
  it('is drawn in eighths of a column', () => {
    expect([bar(1, 3), bar(0.5, 3), bar(0, 3)]).toEqual(['███', '█▌', '']);
  });

  it('leaves a trace of anything above nothing', () => {
    expect(bar(1e-9, 10)).toBe('▏');
  });
});

describe('gauge', () => {
  it('always has the same width', () => {
    expect([gauge(-1, 4), gauge(0.5, 4), gauge(7, 4)]).toEqual(['░░░░', '██░░', '████']);
  });
});

describe('sparkline', () => {
  it('rises from nothing to the largest value', () => {
    const points = [0, 1, 2, 3, 4, 5, 6, 7].map((value) => ({ atMs: value * 10, value }));
    expect(sparkline(points, 8)).toBe('▁▂▃▄▅▆▇█');
  });

  it('keeps a peak when there are more points than columns', () => {
    const points = Array.from({ length: 60 }, (_, index) => ({ atMs: index, value: index === 30 ? 9 : 0 }));
    expect(sparkline(points, 6)).toBe('▁▁▁█▁▁');
  });

  it('holds a value through a stretch without samples', () => {
    expect(
      sparkline(
        [
          { atMs: 0, value: 5 },
          { atMs: 100, value: 0 },
        ],
        4,
      ),
    ).toBe('███▁');
  });

  it('is flat where nothing ever rose, and for a single sample', () => {
    expect(
      sparkline(
        [
          { atMs: 0, value: 0 },
          { atMs: 9, value: 0 },
        ],
        3,
      ),
    ).toBe('▁▁▁');
    expect(sparkline([{ atMs: 0, value: 3 }], 3)).toBe('███');
  });
});
