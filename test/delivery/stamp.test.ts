import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatStamp, makeBody, readStamp, type Stamp, stampedPayload } from '../../src/delivery/stamp.ts';

const stamps: fc.Arbitrary<Stamp> = fc.record({
  run: fc.stringMatching(/^[a-z0-9]{1,8}$/),
  stream: fc.nat(64),
  seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  intendedUs: fc.maxSafeNat(),
  length: fc.nat(),
  crc: fc.nat(0xffffffff),
});

describe('stamp', () => {
  it('has a compact text', () => {
    const stamp = { run: 'k3x9', stream: 1, seq: 42, intendedUs: 183472938, length: 256, crc: 0x1a2b3c4d };
    expect(formatStamp(stamp)).toBe('k3x9.1.42.183472938.256.1a2b3c4d');
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(stamps, (stamp) => {
        expect(readStamp(formatStamp(stamp), stamp.run)).toEqual(stamp);
      }),
    );
  });

  it('of another run is not read', () => {
    fc.assert(
      fc.property(stamps, fc.stringMatching(/^[a-z0-9]{1,8}$/), (stamp, run) => {
        fc.pre(run !== stamp.run);
        expect(readStamp(formatStamp(stamp), run)).toBeUndefined();
      }),
    );
  });

  it.each([
    '',
    'k3x9',
    'k3x9.1.42.18.256',
    'k3x9.1.42.18.256.1a2b3c4',
    'k3x9.1.42.18.256.1a2b3c4d0',
    'k3x9.1.42.18.256.1A2B3C4D',
    'k3x9.1.42.18.256.1a2b3c4d.',
    'k3x9.01.42.18.256.1a2b3c4d',
    'k3x9.1.0.18.256.1a2b3c4d',
    'k3x9.1.-2.18.256.1a2b3c4d',
    'k3x9..42.18.256.1a2b3c4d',
    'k3x9.1.42.99999999999999999.256.1a2b3c4d',
    'k3x9.1.42.9007199254740993.256.1a2b3c4d',
    'k3x9.1.42.18.256 1a2b3c4d',
    'xk3x9.1.42.18.256.1a2b3c4d',
  ])('that is malformed is not read: "%s"', (text) => {
    expect(readStamp(text, 'k3x9')).toBeUndefined();
  });

  it('and body make a payload that is JSON as it stands', () => {
    const body = makeBody(300, 2, 7);
    expect(JSON.parse(stampedPayload('a.b', body))).toEqual({ stamp: 'a.b', body });
  });
});

describe('makeBody', () => {
  it('has the length asked for and nothing that JSON escapes', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(64), fc.nat(1_000_000), (length, stream, seq) => {
        const body = makeBody(length, stream, seq);
        expect(body).toHaveLength(length);
        expect(JSON.stringify(body)).toBe(`"${body}"`);
        expect(makeBody(length, stream, seq)).toBe(body);
      }),
    );
  });

  it('differs between messages, so that bodies that changed places are found out', () => {
    expect(makeBody(64, 1, 1)).not.toBe(makeBody(64, 1, 65));
    expect(makeBody(64, 1, 1)).not.toBe(makeBody(64, 2, 1));
  });
});
