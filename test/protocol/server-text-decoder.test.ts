import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeServerText, type ServerFrame } from '../../src/protocol/frame.ts';
import { ServerTextDecoder } from '../../src/protocol/server-text-decoder.ts';

type Decode = (text: string, visit: (frame: ServerFrame) => void) => void;

function framesOf(decode: Decode, text: string): ServerFrame[] {
  const frames: ServerFrame[] = [];
  decode(text, (frame) => frames.push(frame));
  return frames;
}

function decoding(decoder: ServerTextDecoder): Decode {
  return (text, visit) => decoder.decode(text, visit);
}

function tick(seq: number, price: number, attempt = 1): string {
  const again = attempt > 1 ? `"attempt":${attempt},` : '';
  return `{"seq":${seq},${again}"type":"tick","payload":{"price":${price}}}`;
}

const payload = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: fc.constantFrom('{', '}', '"', '\\', ',', ']', 'a') }),
);
const envelope = fc
  .record({
    seq: fc.integer({ min: 1, max: 30 }),
    attempt: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    type: fc.constantFrom('tick', 'tock', '"type":"}', 'x'.repeat(300)),
    payload,
  })
  .map((fields) => JSON.stringify(fields));
const odd = fc.constantFrom(
  '{"kind":"replayed","seq":3}',
  '{"seq":0,"type":"tick"}',
  '{"seq":01,"type":"tick"}',
  '{"seq":1.5,"type":"tick"}',
  '{"seq":9007199254740993,"type":"tick"}',
  '{"seq":1,"type":"tick"',
  '{"seq":1,"type":"tick","seq":2}',
  '{"seq":1,"type":"tick","attempt":2,"payload":1}',
  '{"seq":1,"type":"tick","type":"tock"}',
  '{"seq":1,"type":7}',
  '{"seq":1, "type":"tick"}',
  '{"type":"pong"}',
  'null',
  '',
);
const frame = fc.oneof({ weight: 4, arbitrary: envelope }, { weight: 1, arbitrary: odd });
const text = fc.oneof(
  frame,
  fc.array(frame, { maxLength: 6 }).map((frames) => `[${frames.join(',')}]`),
  fc.array(envelope, { minLength: 1, maxLength: 4 }).map((frames) => `[${frames.join(',')}`),
  envelope.map((one) => `${one}}`),
  envelope.map((one) => `[${one}],`),
);

describe('a decoder of what many clients receive', () => {
  it('decodes every text as the parser does, whatever it decoded before', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 30 }), (texts) => {
        const decode = decoding(new ServerTextDecoder());
        for (const one of [...texts, ...texts])
          expect(framesOf(decode, one)).toEqual(framesOf(decodeServerText, one));
      }),
      { numRuns: 500 },
    );
  });

  it('gives clients the same payload object for the same message', () => {
    const decode = decoding(new ServerTextDecoder());
    const payloads = [tick(1, 5), `[${tick(8, 5)},${tick(9, 6)}]`, tick(2, 5, 2), `[${tick(7, 6)}]`].flatMap(
      (one) => framesOf(decode, one).map((frame) => (frame.kind === 'envelope' ? frame.payload : undefined)),
    );
    expect(new Set(payloads).size).toBe(2);
  });

  it('forgets what is long past', () => {
    const decode = decoding(new ServerTextDecoder());
    const [first] = framesOf(decode, tick(1, 1));
    for (let price = 2; price < 40_000; price += 1) framesOf(decode, tick(price, price));
    const [again] = framesOf(decode, tick(1, 1));
    expect(again).toEqual(first);
    expect(again?.kind === 'envelope' && again.payload).not.toBe(first?.kind === 'envelope' && first.payload);
  });
});
