import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { LinkState, SharedText } from '../../../src/protocol/ports.ts';
import { mask, maskTowards } from '../../../src/world/real/masking.ts';
import { Outgoing, type OutgoingOwner } from '../../../src/world/real/outgoing.ts';
import { framesIn, type RawFrame } from './raw-peer.ts';

function owner(batch: boolean): OutgoingOwner {
  return {
    state: LinkState.open,
    batch,
    bufferBytesMax: 1_048_576,
    writable() {},
    overrun() {},
    fail(error) {
      throw error;
    },
  };
}

/** What a client sends in one turn, with the key of each frame. */
function sent(address: string, batch = false): readonly (RawFrame & { readonly key: number })[] {
  const socket = new PassThrough({ highWaterMark: 10_000_000 });
  const outgoing = new Outgoing(owner(batch), socket, maskTowards(address));
  outgoing.add('größe', undefined);
  outgoing.add('{"a":', new SharedText(`"${'€'.repeat(5000)}"}`));
  outgoing.flush();
  outgoing.ping();
  outgoing.pong(Buffer.from('pong'));
  const bytes = socket.read() as Buffer;
  return framesIn(bytes).map((frame) => {
    const at = frame.payload.byteOffset - bytes.byteOffset - 4;
    const key = bytes.readUInt32BE(at);
    const payload = Buffer.from(frame.payload);
    mask(payload, 0, payload.length, key);
    return { ...frame, payload, key };
  });
}

const EXPECTED = ['größe', `{"a":"${'€'.repeat(5000)}"}`, '', 'pong'];

describe('masking', () => {
  it.each(['192.0.2.1', '2001:db8::1', '::ffff:192.0.2.1', '128.0.0.1'])(
    'draws a key for each frame to %s',
    (address) => {
      const frames = sent(address);
      expect(frames.map(({ payload }) => `${payload}`)).toEqual(EXPECTED);
      expect(frames.every(({ masked }) => masked)).toBe(true);
      // Four draws of 32 bits: two alike, or a zero, would be seen once in hundreds of millions of runs.
      expect(new Set([0, ...frames.map(({ key }) => key)]).size).toBe(5);
    },
  );

  it('covers a batch as a whole', () => {
    const [first] = sent('192.0.2.1', true);
    expect(`${first?.payload}`).toBe(`[${EXPECTED[0]},${EXPECTED[1]}]`);
  });

  it.each(['127.0.0.1', '127.3.2.1', '::1', '::ffff:127.0.0.1'])(
    'has keys of zeros towards %s',
    (address) => {
      const frames = sent(address);
      expect(frames.map(({ payload }) => `${payload}`)).toEqual(EXPECTED);
      expect(frames.every(({ masked, key }) => masked && key === 0)).toBe(true);
    },
  );

  it('masks with the bytes of the key in turn', () => {
    const bytes = Buffer.from([0, 0, 0, 0, 0, 0, 0]);
    mask(bytes, 1, 6, 0x12345678);
    expect([...bytes]).toEqual([0, 0x12, 0x34, 0x56, 0x78, 0x12, 0]);
  });
});
