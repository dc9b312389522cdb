import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatDuration,
  formatRate,
  formatRatio,
  type ParsedQuantity,
  parseBytes,
  parseBytesPerSec,
  parseDuration,
  parseRate,
  parseRatio,
} from '../../src/scenario/quantity.ts';

function problem(parsed: ParsedQuantity): string {
  return parsed.ok ? `no problem, ${parsed.value}` : parsed.problem;
}

describe('quantities with their units become plain numbers', () => {
  it.each([
    [parseDuration, '250ms', 250],
    [parseDuration, '2s', 2000],
    [parseDuration, '1m', 60_000],
    [parseDuration, '500us', 0.5],
    [parseDuration, '1.5h', 5_400_000],
    [parseDuration, '10 ms', 10],
    [parseBytes, '64KiB', 65_536],
    [parseBytes, '1MB', 1_000_000],
    [parseBytes, '512B', 512],
    [parseBytesPerSec, '16KiB/s', 16_384],
    [parseRatio, '10%', 0.1],
    [parseRatio, '0.5%', 0.005],
    [parseRate, '200/s', 200],
    [parseRate, '6/m', 0.1],
    [parseRate, 'max', Number.POSITIVE_INFINITY],
  ])('%o reads %s as %d', (parse, text, value) => {
    expect(parse(text)).toEqual({ ok: true, value });
  });

  it.each([parseDuration, parseBytes, parseBytesPerSec, parseRatio, parseRate])(
    '%o takes a plain 0',
    (parse) => {
      expect(parse(0)).toEqual({ ok: true, value: 0 });
      expect(parse('0')).toEqual({ ok: true, value: 0 });
    },
  );
});

describe('what is no quantity is refused with what is wanted', () => {
  it.each([
    [parseDuration, 250, 'Cannot read "250": a duration needs a unit, for example 250ms'],
    [parseBytes, '64', 'Cannot read "64": a size needs a unit, for example 64KiB'],
    [parseRatio, 0.1, 'Cannot read "0.1": a share needs a unit, for example 0.1%'],
    [parseRate, 5, 'Cannot read "5": a rate needs a unit, for example 5/s'],
    [parseDuration, '5 sec', 'Cannot read "5 sec": "sec" is no unit of a duration, us, ms, s, m, h are'],
    [parseDuration, 'soon', 'Cannot read "soon": a duration is wanted, for example 10ms'],
    [parseDuration, '-3ms', 'Cannot read "-3ms": a duration is wanted, for example 10ms'],
    [parseDuration, null, 'Cannot read an empty value: a duration is wanted, for example 10ms'],
    [parseDuration, ['1s'], 'Cannot read a list: a duration is wanted, for example 10ms'],
    [parseDuration, '25h', 'Cannot read "25h": a duration is at most 24h'],
    [parseRatio, '101%', 'Cannot read "101%": a share is at most 100%'],
    [parseRate, 'fast', 'Cannot read "fast": a rate is wanted, for example 10/s or max'],
    [
      parseDuration,
      '3constructor',
      'Cannot read "3constructor": "constructor" is no unit of a duration, us, ms, s, m, h are',
    ],
  ])('%o refuses %o', (parse, input, message) => {
    expect(problem(parse(input))).toBe(message);
  });
});

describe('numbers become text with the unit that fits', () => {
  it.each([
    [formatDuration, 0, '0ms'],
    [formatDuration, 0.0125, '12.5us'],
    [formatDuration, 0.9996, '1ms'],
    [formatDuration, 181, '181ms'],
    [formatDuration, 999.7, '1s'],
    [formatDuration, 1250, '1.25s'],
    [formatDuration, 90_000, '90s'],
    [formatDuration, 150_000, '2.5m'],
    [formatDuration, 7_200_000, '2h'],
    [formatBytes, 512, '512B'],
    [formatBytes, 16_384, '16KiB'],
    [formatBytes, 1024 ** 2 * 1.5, '1.5MiB'],
    [formatBytes, 1024 ** 3 * 3, '3GiB'],
    [formatRate, 5123.4, '5123/s'],
    [formatRate, 0.25, '0.25/s'],
    [formatRate, Number.POSITIVE_INFINITY, 'max'],
    [formatRatio, 0.1, '10%'],
  ])('%o writes %d as %s', (format, value, text) => {
    expect(format(value)).toBe(text);
  });

  it('a written duration reads back within half a percent', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 80_000_000, noNaN: true }), (ms) => {
        const parsed = parseDuration(formatDuration(ms));
        // Three digits leave an error of at most 0.5 % (100 to 100.5).
        expect(parsed.ok && Math.abs(parsed.value - ms) <= ms * 0.00501).toBe(true);
      }),
    );
  });
});
