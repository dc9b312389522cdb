import fc from 'fast-check';
import {
  Decoder,
  Encoder,
  type Packet as OfficialPacket,
  PacketType as OfficialType,
} from 'socket.io-parser';
import { describe, expect, it } from 'vitest';
import { isOffset } from '../../../src/drivers/socket-io/offset.ts';
import {
  decodePacket,
  encodeData,
  encodePacket,
  PacketType,
  withAttachments,
} from '../../../src/drivers/socket-io/packet.ts';
import { PacketDecoder } from '../../../src/drivers/socket-io/packet-decoder.ts';

const json = fc.jsonValue({ maxDepth: 3 }).filter((value) => !JSON.stringify(value).includes('_placeholder'));
const name = fc.string({ maxLength: 8 }).map((text) => `e${text}`);
const bytes = fc.uint8Array({ maxLength: 8 });
const args = fc
  .tuple(name, fc.array(fc.oneof(json, bytes), { maxLength: 4 }))
  .map(([event, rest]) => [event, ...rest]);
const namespace = fc.constantFrom('/', '/chat', '/a/b-1');
const id = fc.option(fc.nat(), { nil: undefined });

/** What the official decoder makes of frames; undefined when it throws. */
function officially(frames: readonly (string | Uint8Array)[]): OfficialPacket | undefined {
  const decoder = new Decoder();
  let packet: OfficialPacket | undefined;
  decoder.on('decoded', (decoded: OfficialPacket) => {
    packet = decoded;
  });
  try {
    for (const frame of frames) decoder.add(typeof frame === 'string' ? frame : Buffer.from(frame));
  } catch {
    return undefined;
  }
  return packet;
}

/** Bytes as lists of numbers, whichever class they have. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, inner) => {
      if (inner instanceof Uint8Array) return [...inner];
      return inner?.type === 'Buffer' ? inner.data : inner;
    }),
  );
}

describe('packets of Socket.IO', () => {
  it('are read as the official decoder reads them, attachments included', () => {
    fc.assert(
      fc.property(args, namespace, id, (data, nsp, ack) => {
        const packet = {
          type: OfficialType.EVENT,
          nsp,
          data: structuredClone(data),
          ...(ack === undefined ? {} : { id: ack }),
        };
        const [text, ...attachments] = new Encoder().encode(packet) as [string, ...Uint8Array[]];
        const decoded = decodePacket(text);
        expect(decoded).toMatchObject({ namespace: nsp, id: ack ?? -1, attachments: attachments.length });
        expect(plain(withAttachments(decoded?.data, attachments))).toEqual(plain(data));
      }),
    );
  });

  it('are written as the official decoder reads them', () => {
    fc.assert(
      fc.property(args, namespace, id, fc.boolean(), (data, nsp, ack, isAck) => {
        const encoded = encodeData(data);
        const type = isAck ? PacketType.ack : PacketType.event;
        const text = encodePacket({
          type,
          namespace: nsp,
          data: encoded,
          ...(ack === undefined ? {} : { id: ack }),
        });
        expect(text[0]).toBe('4');
        const official = officially([text.slice(1), ...encoded.attachments]);
        expect(official).toMatchObject({ type, nsp });
        expect(official?.id).toBe(ack);
        expect(plain(official?.data)).toEqual(plain(data));
      }),
    );
  });

  it('are malformed wherever the official decoder throws', () => {
    const part = fc.constantFrom(
      '0',
      '2',
      '5',
      '7',
      '-',
      '/',
      '/a',
      ',',
      '12',
      '[',
      ']',
      '"x"',
      '{"a":1}',
      '{',
      'null',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 7 }), (parts) => {
        const text = parts.join('');
        const decoded = decodePacket(text);
        if (decoded !== undefined && decoded.attachments === 0) expect(officially([text])).toBeDefined();
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    '',
    '7',
    '2',
    '2{}',
    '2[]',
    '2["x"',
    '5["x"]',
    '50-["x"]',
    '511-["x"]',
    '21-["x"]',
    '1[]',
    '4',
    '3{}',
  ])('are no packets when they are "%s"', (text) => {
    expect(decodePacket(text)).toBeUndefined();
  });

  it('leave a place empty whose attachment does not exist', () => {
    expect(withAttachments([{ _placeholder: true, num: 3 }], [])).toEqual([undefined]);
  });

  it('are parsed once for all who get the same text, however they take turns', () => {
    const decoder = new PacketDecoder();
    const texts = Array.from({ length: 4 }, (_, n) => `42["said",{"n":${n}}]`);
    const first = texts.map((text) => decoder.decode(text)?.data);
    for (let client = 0; client < 3; client += 1) {
      for (const [n, text] of texts.entries()) expect(decoder.decode(text)?.data).toBe(first[n]);
    }
    for (const [n, text] of texts.entries()) {
      for (let client = 0; client < 3; client += 1) expect(decoder.decode(text)?.data).toBe(first[n]);
    }
    expect(decoder.decode('42["said",{"n":9}]')?.data).toEqual(['said', { n: 9 }]);
  });

  it('are remembered up to a limit', () => {
    const decoder = new PacketDecoder();
    const text = (n: number): string => `42["said",${n},"${'x'.repeat(60_000)}"]`;
    const first = decoder.decode(text(0));
    for (let n = 1; n < 40; n += 1) decoder.decode(text(n));
    expect(decoder.decode(text(0))).not.toBe(first);
    expect(decoder.decode(text(0))).toEqual(first);
  });
});

describe('an offset', () => {
  const now = Date.UTC(2026, 11, 31);

  it.each([
    ['Q7zR7Ij', Date.UTC(2026, 10, 21, 12)],
    ['1700000000000-12', 1_700_000_000_500],
    ['655377805f3a2b1c9d8e7f60', 1_699_970_000_000],
  ])('is "%s" of an adapter', (text, at) => {
    expect(isOffset(text, at)).toBe(true);
  });

  it.each(['', 'good night', 'username', 'hello', 'OK', '42', '1700000000000-0', 'room.2', 'Q7zR7Ij'])(
    'is not the text "%s" at another time',
    (text) => {
      expect(isOffset(text, now)).toBe(false);
    },
  );
});
