import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ClientFrame,
  decodeClientText,
  decodeServerText,
  encodeAck,
  encodeFrame,
  encodeGapAck,
  encodeHello,
  encodeNack,
  encodeNotice,
  encodeUpstream,
  FRAME_BYTES_MAX,
  fitsFrame,
  type Hello,
  type ServerFrame,
} from '../../src/protocol/frame.ts';
import { OutgoingMessage, seqHead } from '../../src/protocol/message.ts';

function fromClient(text: string): ClientFrame[] {
  const frames: ClientFrame[] = [];
  decodeClientText(text, (frame) => frames.push(frame));
  return frames;
}

function fromServer(text: string): ServerFrame[] {
  const frames: ServerFrame[] = [];
  decodeServerText(text, (frame) => frames.push(frame));
  return frames;
}

const seqs = fc.oneof(
  fc.integer({ min: 1, max: 2000 }),
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
);

describe('client frames', () => {
  const hello: Hello = {
    kind: 'hello',
    clientId: 'c17',
    rooms: ['r1'],
    ack: { mode: 'cumulative', every: 32, delayMs: 50 },
    batch: true,
    gapAcks: true,
    resume: { session: 's', token: 't', epoch: 'e', lastSeq: 41 },
  };

  it('come back from their encoding as they were', () => {
    const { resume: _, ...fresh } = hello;
    expect(fromClient(encodeHello(hello))).toEqual([hello]);
    expect(fromClient(encodeHello({ ...fresh, ack: { mode: 'each' } }))).toEqual([
      { ...fresh, ack: { mode: 'each' } },
    ]);
    expect(fromClient(encodeNack(42))).toEqual([{ kind: 'nack', seq: 42, retry: true, reason: '' }]);
    expect(fromClient(encodeNack(42, { retry: false, reason: 'no' }))).toEqual([
      { kind: 'nack', seq: 42, retry: false, reason: 'no' },
    ]);
    expect(fromClient(encodeUpstream(3, 'publish', '{"room":"r1"}'))).toEqual([
      { kind: 'envelope', seq: 3, type: 'publish', payload: { room: 'r1' }, attempt: 1 },
    ]);
  });

  it('decode acks of one seq, of everything below it, and of a gap', () => {
    fc.assert(
      fc.property(seqs, seqs, (a, b) => {
        const [from, seq] = a < b ? [a, b] : [b, a];
        expect(fromClient(encodeAck(seq, false))).toEqual([
          { kind: 'ack', seq, from: seq, cumulative: false },
        ]);
        expect(fromClient(encodeAck(seq, true))).toEqual([{ kind: 'ack', seq, from: seq, cumulative: true }]);
        expect(fromClient(encodeGapAck(from, seq))).toEqual([{ kind: 'ack', seq, from, cumulative: false }]);
      }),
    );
  });

  it('decode an ack without the JSON parser to what the parser would make of it', () => {
    const heads = fc.constantFrom('{"kind":"ack","seq":', ' {"kind":"ack","seq":', '{"seq":');
    const numbers = fc.oneof(
      seqs.map(String),
      fc.constantFrom('0', '00', '01', '007', '-1', '1.5', '1e3', '9007199254740992', '', '"7"'),
      fc.stringMatching(/^[0-9]{1,18}$/),
    );
    const tails = fc.constantFrom(
      '}',
      ',"cumulative":true}',
      ',"cumulative":false}',
      ',"cumulative":true',
      '} ',
      '}}',
    );
    fc.assert(
      fc.property(heads, numbers, tails, (head, number, tail) => {
        const text = head + number + tail;
        // A batch never takes the fast path.
        expect(fromClient(text)).toEqual(fromClient(`[${text}]`));
      }),
      { numRuns: 1000 },
    );
  });

  it('take everybody and ack each when the hello says nothing else', () => {
    expect(fromClient('{"kind":"hello","clientId":"c"}')).toEqual([
      { kind: 'hello', clientId: 'c', rooms: [], ack: { mode: 'each' }, batch: false, gapAcks: false },
    ]);
  });

  it.each([
    ['{"action":"ping"}', { kind: 'action', action: 'ping', room: '', content: undefined }],
    ['{"action":"join","room":"r"}', { kind: 'action', action: 'join', room: 'r', content: undefined }],
    ['{"action":"leave","room":"r"}', { kind: 'action', action: 'leave', room: 'r', content: undefined }],
    [
      '{"action":"message","room":"r","content":[1]}',
      { kind: 'action', action: 'message', room: 'r', content: [1] },
    ],
  ])('decode the action %s', (text, frame) => {
    expect(fromClient(text)).toEqual([frame]);
  });

  it.each([
    '',
    'nonsense',
    '[]',
    '17',
    'null',
    '"text"',
    '{}',
    '[1]',
    '[[{"kind":"ack","seq":1}]]',
    '{"kind":"welcome"}',
    '{"kind":"ack"}',
    '{"kind":"ack","seq":0}',
    '{"kind":"ack","seq":-3}',
    '{"kind":"ack","seq":1.5}',
    '{"kind":"ack","seq":"1"}',
    '{"kind":"ack","seq":3,"from":4}',
    '{"kind":"ack","seq":3,"from":0}',
    '{"kind":"nack","seq":null}',
    '{"kind":"hello"}',
    '{"kind":"hello","clientId":""}',
    '{"kind":"hello","clientId":"c","rooms":"r"}',
    '{"kind":"hello","clientId":"c","rooms":[""]}',
    '{"kind":"hello","clientId":"c","ack":"each"}',
    '{"kind":"hello","clientId":"c","ack":{"mode":"cumulative","every":0,"delayMs":1}}',
    '{"kind":"hello","clientId":"c","session":"s"}',
    '{"kind":"hello","clientId":"c","session":"s","token":"t","epoch":"e","lastSeq":-1}',
    '{"action":"dance","room":"r"}',
    '{"action":"join"}',
    '{"action":7}',
    '{"seq":1,"type":"x","attempt":0}',
  ])('that make no sense are one malformed frame: %s', (text) => {
    const frames = fromClient(text);
    expect(frames.map(({ kind }) => kind)).toEqual(['malformed']);
  });

  it('have limits to names and to the length of lists', () => {
    const long = 'n'.repeat(201);
    const kinds = (text: string): string[] => fromClient(text).map(({ kind }) => kind);
    expect(kinds(JSON.stringify({ kind: 'hello', clientId: long }))).toEqual(['malformed']);
    expect(kinds(JSON.stringify({ kind: 'hello', clientId: 'c', rooms: Array(1001).fill('r') }))).toEqual([
      'malformed',
    ]);
    expect(kinds(JSON.stringify({ seq: 1, type: long }))).toEqual(['malformed']);
    expect(kinds(JSON.stringify(Array(10_001).fill({ action: 'ping' })))).toEqual(['malformed']);
    expect(kinds(JSON.stringify(Array(10_000).fill({ action: 'ping' })))).toHaveLength(10_000);
  });

  it('in a batch are decoded in order, the bad ones among the good', () => {
    expect(
      fromClient('[{"kind":"ack","seq":1},{"kind":"ack"},{"kind":"ack","seq":2}]').map(({ kind }) => kind),
    ).toEqual(['ack', 'malformed', 'ack']);
  });
});

describe('server frames', () => {
  const welcome = {
    kind: 'welcome' as const,
    session: 's',
    token: 't',
    generation: 3,
    epoch: 'e',
    resumed: false,
    reason: 'expired' as const,
    nextSeq: 1,
    delivery: 'effectively-once' as const,
    ttlMs: 30_000,
    batch: true,
  };

  it.each([
    welcome,
    { kind: 'replayed' as const, seq: 0 },
    { kind: 'gap' as const, from: 3, to: 5, reason: 'max-resend' as const },
    { kind: 'pressure' as const, state: 'high' as const },
    { kind: 'drain' as const, spreadMs: 5000 },
  ])('come back from their encoding as they were: $kind', (frame) => {
    expect(fromServer(encodeFrame(frame))).toEqual([frame]);
  });

  it('of a broadcast are the shared text with a head for each client', () => {
    const message = new OutgoingMessage({ room: '*', type: 'ti"ck', payloadText: '{"a":1}' });
    const frame = { kind: 'envelope', type: 'ti"ck', payload: { a: 1 } };
    expect(fromServer(seqHead(42, 1) + message.text)).toEqual([{ ...frame, seq: 42, attempt: 1 }]);
    expect(fromServer(seqHead(42, 3) + message.text)).toEqual([{ ...frame, seq: 42, attempt: 3 }]);
  });

  it('without kind and seq are notices', () => {
    expect(fromServer(encodeNotice('joined', { room: 'r', roomSize: 3 }))).toEqual([
      {
        kind: 'notice',
        type: 'joined',
        payload: undefined,
        fields: { type: 'joined', room: 'r', roomSize: 3 },
      },
    ]);
  });

  it.each([
    '{"kind":"hello","clientId":"c"}',
    '{"kind":"welcome","session":"s"}',
    JSON.stringify({ ...welcome, generation: 0 }),
    JSON.stringify({ ...welcome, delivery: 'sometimes' }),
    JSON.stringify({ ...welcome, resumed: 'yes' }),
    JSON.stringify({ ...welcome, nextSeq: 0 }),
    '{"kind":"replayed"}',
    '{"kind":"gap","from":5,"to":4,"reason":"ttl"}',
    '{"kind":"gap","from":1,"to":4,"reason":"boredom"}',
    '{"kind":"pressure","state":"medium"}',
    '{"kind":"drain","spreadMs":-1}',
    '{"type":7}',
  ])('that make no sense are one malformed frame: %s', (text) => {
    expect(fromServer(text).map(({ kind }) => kind)).toEqual(['malformed']);
  });
});

describe('decoding', () => {
  it('never throws and visits at least one frame, whatever the text', () => {
    const words = fc.constantFrom(
      'kind',
      'seq',
      'type',
      'action',
      'hello',
      'ack',
      'gap',
      'welcome',
      'room',
      'clientId',
    );
    const values = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, true, 1, 0, -1, 1e300, '', 'x', '__proto__'),
        words,
        fc.dictionary(words, tie('value')),
        fc.array(tie('value'), { maxLength: 4 }),
      ),
    })).value;
    const texts = fc.oneof(
      fc.string(),
      values.map((value) => JSON.stringify(value)),
      fc.json(),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(fromClient(text).length).toBeGreaterThan(0);
        expect(fromServer(text).length).toBeGreaterThan(0);
      }),
      { numRuns: 2000 },
    );
  });

  it('survives nesting that is deeper than any stack', () => {
    const deep = '['.repeat(200_000);
    expect(fromClient(deep).map(({ kind }) => kind)).toEqual(['malformed']);
    expect(fromServer(`{"type":"x","payload":${deep}`).map(({ kind }) => kind)).toEqual(['malformed']);
  });
});

describe('fitsFrame', () => {
  it('says whether the text with the longest head stays within the largest frame', () => {
    const head = seqHead(Number.MAX_SAFE_INTEGER, 256);
    const units = fc.constantFrom('a', 'é', '€', '😀', '\ud800');
    fc.assert(
      fc.property(units, fc.integer({ min: -100, max: 100 }), (unit, offset) => {
        const unitBytes = Buffer.byteLength(unit);
        const text = unit.repeat(Math.floor(FRAME_BYTES_MAX / unitBytes) + offset);
        if (fitsFrame(text)) expect(Buffer.byteLength(head + text)).toBeLessThanOrEqual(FRAME_BYTES_MAX);
        else expect(Buffer.byteLength(text)).toBeGreaterThan(FRAME_BYTES_MAX - 100);
      }),
      { numRuns: 60 },
    );
  });
});
