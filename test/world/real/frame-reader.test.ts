import type { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as ws from 'ws';
import { FRAME_BYTES_MAX } from '../../../src/protocol/frame.ts';
import { FrameReader, type FrameSink } from '../../../src/world/real/frame-reader.ts';

/** Writes down what a reader tells. */
class SinkRecorder implements FrameSink {
  readonly heard: string[] = [];

  received(text: string): void {
    this.heard.push(`text ${text}`);
  }

  receivedBinary(bytes: Uint8Array): void {
    this.heard.push(`binary ${Buffer.from(bytes).toString('hex')}`);
  }

  pinged(data: Buffer): void {
    this.heard.push(`ping ${data.toString('hex')}`);
  }

  ponged(): void {
    this.heard.push('pong');
  }

  closing(code: number, reason: string): void {
    this.heard.push(`close ${code} ${reason}`);
  }

  refused(code: number): void {
    this.heard.push(`refused ${code}`);
  }
}

interface Frame {
  readonly first: number;
  readonly payload: Buffer;
  /** Masked, as no server may. */
  readonly masked?: boolean;
  /** Says that the payload is longer than what it has in fact. */
  readonly claims?: number;
}

const FINAL = 0x80;

const KEY = Buffer.from([0x12, 0x00, 0xff, 0x80]);

function encoded({ first, payload, masked = false, claims = payload.length }: Frame): Buffer {
  const mask = masked ? 0x80 : 0;
  const header =
    claims < 126
      ? Buffer.from([first, mask | claims])
      : claims < 65_536
        ? Buffer.from([first, mask | 126, claims >> 8, claims & 255])
        : Buffer.from([first, mask | 127, 0, 0, 0, 0, claims >>> 24, claims >>> 16, claims >>> 8, claims]);
  if (!masked) return Buffer.concat([header, payload]);
  return Buffer.concat([header, KEY, payload.map((byte, at) => byte ^ (KEY[at % 4] ?? 0))]);
}

function text(content: string, final = true): Frame {
  return { first: (final ? FINAL : 0) | 1, payload: Buffer.from(content) };
}

function continuation(content: string, final: boolean): Frame {
  return { first: final ? FINAL : 0, payload: Buffer.from(content) };
}

/** Cuts the stream at the given places and hands each piece over in a buffer that is overwritten afterwards. */
function heardOf(stream: Buffer, cuts: readonly number[] = []): readonly string[] {
  const sink = new SinkRecorder();
  const reader = new FrameReader(sink);
  const lump = Buffer.alloc(stream.length + 7);
  const places = [...new Set([0, ...cuts.map((cut) => cut % (stream.length + 1)), stream.length])];
  places.sort((a, b) => a - b);
  for (const [index, place] of places.slice(0, -1).entries()) {
    const bytes = stream.copy(lump, 7, place, places[index + 1]);
    reader.read(lump, 7, 7 + bytes);
    lump.fill(0xaa);
  }
  return sink.heard;
}

/** Exported by `ws` and missing in its types. */
const { Receiver } = ws as unknown as {
  Receiver: new (options: { isServer: boolean; maxPayload: number }) => Writable;
};

/** What the receiver of `ws` makes of the same bytes, in the words of the recorder. */
async function heardByWs(stream: Buffer): Promise<readonly string[]> {
  const heard: string[] = [];
  const receiver = new Receiver({ isServer: false, maxPayload: FRAME_BYTES_MAX });
  receiver.on('message', (data: Buffer, isBinary: boolean) =>
    heard.push(isBinary ? `binary ${data.toString('hex')}` : `text ${data}`),
  );
  receiver.on('ping', (data: Buffer) => heard.push(`ping ${data.toString('hex')}`));
  receiver.on('pong', () => heard.push('pong'));
  receiver.on('conclude', (code: number, reason: Buffer) => heard.push(`close ${code} ${reason}`));
  receiver.on('error', (error: NodeJS.ErrnoException) => heard.push(`refused ${refusalCode(error)}`));
  const closed = new Promise((resolve) => receiver.on('close', resolve));
  receiver.end(stream);
  await closed;
  return heard;
}

function refusalCode({ code }: NodeJS.ErrnoException): number {
  switch (code) {
    case 'WS_ERR_INVALID_UTF8':
      return 1007;
    case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
    case 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH':
      return 4413;
    default:
      return 1002;
  }
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).map((content) => Buffer.from(content)),
  fc
    .constantFrom('', 'y'.repeat(125), 'y'.repeat(126), '€'.repeat(40_000), '\ufffd')
    .map((content) => Buffer.from(content)),
);
const closePayload = fc
  .tuple(
    fc.constantFrom(1000, 1001, 1005, 1006, 1015, 2999, 3000, 4503, 4999, 5000),
    fc.string({ maxLength: 20 }),
  )
  .map(([code, reason]) => Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]));

/** Sound frames mostly, in an order that is not always. */
const soundFrame: fc.Arbitrary<Frame> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ first: fc.constant(FINAL | 1), payload: anyText }) },
  { weight: 2, arbitrary: anyText.map((payload) => ({ first: FINAL | 2, payload })) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(0, 1, 2, FINAL), anyText)
      .map(([first, payload]) => ({ first, payload })),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(9, 10), fc.uint8Array({ maxLength: 125 }))
      .map(([opcode, payload]) => ({ first: FINAL | opcode, payload: Buffer.from(payload) })),
  },
);
const rareFrame: fc.Arbitrary<Frame> = fc.oneof(
  closePayload.map((payload) => ({ first: FINAL | 8, payload })),
  fc.constant({ first: FINAL | 8, payload: Buffer.alloc(0) }),
  fc.record({
    first: fc.nat(255),
    payload: fc.uint8Array({ maxLength: 130 }).map((payload) => Buffer.from(payload)),
    masked: fc.boolean(),
  }),
);

describe('reader of the frames of a server', () => {
  function heardBy(...frames: readonly Frame[]): readonly string[] {
    const stream = Buffer.concat(frames.map(encoded));
    const whole = heardOf(stream);
    expect(heardOf(stream, [...stream.keys()])).toEqual(whole);
    return whole;
  }

  it('hears what the receiver of ws hears, wherever the stream is cut', async () => {
    const streams = fc.tuple(
      fc.array(soundFrame, { maxLength: 8 }),
      fc.array(rareFrame, { maxLength: 2 }),
      fc.array(soundFrame, { maxLength: 2 }),
    );
    await fc.assert(
      fc.asyncProperty(
        streams,
        fc.array(fc.nat(), { maxLength: 12 }),
        fc.nat(3),
        async (parts, cuts, missing) => {
          const whole = Buffer.concat(parts.flat().map(encoded));
          const stream = whole.subarray(0, Math.max(0, whole.length - missing));
          expect(heardOf(stream, cuts)).toEqual(await heardByWs(stream));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('puts fragments together around the control frames between them', () => {
    const ping = { first: FINAL | 9, payload: Buffer.from([1, 2]) };
    const pong = { first: FINAL | 10, payload: Buffer.alloc(0) };
    expect(
      heardBy(
        text('grö', false),
        ping,
        continuation('', false),
        pong,
        continuation('ße', true),
        text('next'),
      ),
    ).toEqual(['ping 0102', 'pong', 'text größe', 'text next']);
  });

  it('puts characters together that are cut between fragments', () => {
    const euro = Buffer.from('€');
    expect(
      heardBy({ first: 1, payload: euro.subarray(0, 1) }, { first: FINAL, payload: euro.subarray(1) }),
    ).toEqual(['text €']);
  });

  it('hears a binary message, in one frame or several', () => {
    const binary = { first: FINAL | 2, payload: Buffer.from([0xff]) };
    expect(heardBy(binary, { ...binary, first: 2 }, continuation('end', true))).toEqual([
      'binary ff',
      'binary ff656e64',
    ]);
  });

  it('takes the replacement character for what it is when it was sent', () => {
    expect(heardBy(text('a\ufffdb'))).toEqual(['text a\ufffdb']);
  });

  it.each([
    ['a lone byte', Buffer.from([0x61, 0xff])],
    ['a character cut off', Buffer.from('€').subarray(0, 2)],
    ['half a surrogate pair', Buffer.from([0xed, 0xa0, 0x80])],
  ])('refuses %s in a text with 1007, and hears nothing more', (_, payload) => {
    expect(heardBy(text('before'), { first: FINAL | 1, payload }, text('after'))).toEqual([
      'text before',
      'refused 1007',
    ]);
  });

  it.each([
    ['a masked frame', [{ ...text('x'), masked: true }]],
    ['reserved bits', [{ ...text('x'), first: FINAL | 0x40 | 1 }]],
    ['an unknown data opcode', [{ first: FINAL | 3, payload: Buffer.alloc(0) }]],
    ['an unknown control opcode', [{ first: FINAL | 11, payload: Buffer.alloc(0) }]],
    ['a fragmented control frame', [{ first: 9, payload: Buffer.alloc(0) }]],
    ['a long control frame', [{ first: FINAL | 9, payload: Buffer.alloc(126) }]],
    ['a continuation of nothing', [continuation('x', true)]],
    ['a message within another', [text('x', false), text('y')]],
    ['half a close code', [{ first: FINAL | 8, payload: Buffer.from([3]) }]],
    ['a close code that nobody may send', [{ first: FINAL | 8, payload: Buffer.from([3, 0xee]) }]],
  ])('refuses %s with 1002, and hears nothing more', (_, frames) => {
    expect(heardBy(...frames, text('after'))).toEqual(['refused 1002']);
  });

  it('hears a close frame with and without code and reason, and nothing more', () => {
    const reason = Buffer.concat([Buffer.from([4503 >> 8, 4503 & 255]), Buffer.from('später')]);
    expect(heardBy({ first: FINAL | 8, payload: reason }, text('after'))).toEqual(['close 4503 später']);
    expect(heardBy({ first: FINAL | 8, payload: Buffer.alloc(0) })).toEqual(['close 1005 ']);
  });

  it('refuses a frame over the limit by its header, before its payload arrives', () => {
    const header = encoded({ first: FINAL | 1, payload: Buffer.alloc(0), claims: FRAME_BYTES_MAX + 1 });
    expect(heardOf(header)).toEqual(['refused 4413']);
    expect(heardOf(header, [...header.keys()])).toEqual(['refused 4413']);
    expect(heardOf(encoded(text('x'.repeat(FRAME_BYTES_MAX + 1))))).toEqual(['refused 4413']);
  });

  it('takes a message of just the limit in fragments, and refuses one that grows past it', () => {
    const half = 'h'.repeat(FRAME_BYTES_MAX / 2);
    const stream = (last: string): Buffer =>
      Buffer.concat(
        [text(half, false), continuation(half, false), continuation(last, true)].map((frame) =>
          encoded(frame),
        ),
      );
    expect(heardOf(stream(''), [1, 500_000, 700_000])).toEqual([`text ${half}${half}`]);
    expect(heardOf(stream('x'), [1, 500_000, 700_000])).toEqual(['refused 4413']);
  });
});
