import { describe, expect, it } from 'vitest';
import {
  formatAt,
  formatBytes,
  formatCount,
  formatEdge,
  formatPerSec,
  formatShare,
  formatUs,
  plural,
} from '../../src/report/figures.ts';
import { NO_BREAK } from '../../src/report/line.ts';

function spaced(text: string): string {
  return text.replaceAll(NO_BREAK, ' ');
}

describe('figures', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1 000'],
    [-1_234_567, '-1 234 567'],
    [1234.56, '1 234.6'],
  ])('count %d reads %s', (value, text) => {
    expect(spaced(formatCount(value))).toBe(text);
  });

  it.each([
    [0, '0 µs'],
    [850, '850 µs'],
    [999.6, '1.00 ms'],
    [2140, '2.14 ms'],
    [99_950, '100 ms'],
    [999_600, '1.00 s'],
    [12_340_000, '12.3 s'],
    [5_000_000_000, '5 000 s'],
  ])('%d µs reads %s', (us, text) => {
    expect(spaced(formatUs(us))).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [1023, '1.00 KiB'],
    [524_288, '512 KiB'],
    [6_100_000, '5.82 MiB'],
    [17_179_869_184, '16.0 GiB'],
  ])('%d bytes read %s', (bytes, text) => {
    expect(spaced(formatBytes(bytes))).toBe(text);
  });

  it.each([
    [0, '0 %'],
    [0.0001, '<0.1 %'],
    [0.124, '12.4 %'],
    [0.999_999_9, '99.999 %'],
    [1, '100 %'],
  ])('share %d reads %s, so that nearly all is never all', (share, text) => {
    expect(spaced(formatShare(share))).toBe(text);
  });

  it('gives instants as distances from the start of load', () => {
    expect([formatAt(3042.4), formatAt(-250)].map(spaced)).toEqual(['+3.042 s', '-0.250 s']);
  });

  it('rounds rates only where it does not matter', () => {
    expect([45_012.4, 99.5, 0.25].map(formatPerSec).map(spaced)).toEqual(['45 012/s', '99.5/s', '0.3/s']);
  });

  it('leaves out digits that say nothing on the edges of bars', () => {
    expect([500, 1500, 2_000_000].map(formatEdge).map(spaced)).toEqual(['500 µs', '1.5 ms', '2 s']);
  });

  it('knows one from many', () => {
    expect([plural(1, 'client'), plural(0, 'client')]).toEqual(['1 client', '0 clients']);
  });
});
