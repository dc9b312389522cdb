import { FRAME_BYTES_MAX } from '../../../src/protocol/frame.ts';
import { frame, text } from './raw-peer.ts';

/**
 * What a client may send and must not, in the groups of the Autobahn test suite. What is expected comes from RFC 6455,
 * and from the protocol where it closes with a code of its own.
 */
export interface FramingCase {
  readonly what: string;
  readonly send: Buffer;
  /** Messages that are understood; a binary one counts as `''`. None by default. */
  readonly messages?: readonly string[];
  readonly pongs?: readonly string[];
  /** The server closes with this code. Absent: the connection stays open. */
  readonly close?: number;
}

const FINAL = 0x80;
const [TEXT, BINARY, CLOSE, PING, PONG] = [1, 2, 8, 9, 10];
const SIZES = [0, 1, 125, 126, 127, 128, 65_535, 65_536];
const PROTOCOL_ERROR = 1002;
const INVALID_TEXT = 1007;

function ofText(what: string, content: string): FramingCase {
  return { what, send: text(content), messages: [content] };
}

function refused(what: string, send: Buffer, close = PROTOCOL_ERROR): FramingCase {
  return { what, send, close };
}

function pings(...payloads: readonly string[]): Buffer {
  return Buffer.concat(payloads.map((payload) => frame(FINAL | PING, payload)));
}

function fragments(...parts: readonly (string | Buffer)[]): Buffer {
  const last = parts.length - 1;
  return Buffer.concat(
    parts.map((part, at) => frame((at === last ? FINAL : 0) | (at === 0 ? TEXT : 0), part)),
  );
}

function close(code: number, reason: string | Buffer = ''): Buffer {
  const bytes = Buffer.from([code >> 8, code & 255]);
  return frame(FINAL | CLOSE, Buffer.concat([bytes, Buffer.from(reason)]));
}

function inParts(content: Buffer, bytes: number): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < content.length; at += bytes) parts.push(content.subarray(at, at + bytes));
  return parts;
}

const framing: readonly FramingCase[] = SIZES.flatMap((size) => [
  ofText(`a text of ${size} bytes`, '*'.repeat(size)),
  {
    what: `a binary message of ${size} bytes`,
    send: frame(FINAL | BINARY, Buffer.alloc(size, 0xfe)),
    messages: [''],
  },
]);

const pingsAndPongs: readonly FramingCase[] = [
  { what: 'a ping without payload', send: pings(''), pongs: [''] },
  { what: 'a ping with a text', send: pings('Hello, world!'), pongs: ['Hello, world!'] },
  { what: 'a ping of 125 bytes', send: pings('p'.repeat(125)), pongs: ['p'.repeat(125)] },
  refused('a ping of 126 bytes', pings('p'.repeat(126))),
  { what: 'an unsolicited pong without payload', send: frame(FINAL | PONG, '') },
  { what: 'an unsolicited pong with a payload', send: frame(FINAL | PONG, 'unsolicited') },
  {
    what: 'an unsolicited pong before a ping',
    send: Buffer.concat([frame(FINAL | PONG, 'unsolicited'), pings('ping')]),
    pongs: ['ping'],
  },
  {
    what: 'ten pings',
    send: pings(...'0123456789'),
    pongs: [...'0123456789'],
  },
];

const reservedBits: readonly FramingCase[] = [1, 2, 3, 4, 5, 6, 7].flatMap((bits) => [
  refused(`reserved bits ${bits} in a text`, frame(FINAL | (bits << 4) | TEXT, 'x')),
  refused(`reserved bits ${bits} in a ping`, frame(FINAL | (bits << 4) | PING, 'x')),
  refused(`reserved bits ${bits} in a close frame`, frame(FINAL | (bits << 4) | CLOSE, '')),
  {
    ...refused(
      `reserved bits ${bits} behind a sound text`,
      Buffer.concat([text('a'), frame(FINAL | (bits << 4) | BINARY, 'x')]),
    ),
    messages: ['a'],
  },
]);

const opcodes: readonly FramingCase[] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => [
  refused(`the opcode ${opcode}`, frame(FINAL | opcode, '')),
  refused(`the opcode ${opcode} with a payload`, frame(FINAL | opcode, 'reserved')),
  {
    ...refused(
      `the opcode ${opcode} behind a sound text`,
      Buffer.concat([text('a'), frame(FINAL | opcode, '')]),
    ),
    messages: ['a'],
  },
]);

const fragmentation: readonly FramingCase[] = [
  refused('a fragmented ping', Buffer.concat([frame(PING, 'one'), frame(FINAL, 'two')])),
  refused('a fragmented pong', Buffer.concat([frame(PONG, 'one'), frame(FINAL, 'two')])),
  { what: 'a text in two fragments', send: fragments('one', 'two'), messages: ['onetwo'] },
  { what: 'a text in empty fragments', send: fragments('', '', ''), messages: [''] },
  {
    what: 'an empty fragment amid a text',
    send: fragments('', 'middle', ''),
    messages: ['middle'],
  },
  {
    what: 'a binary message in fragments',
    send: Buffer.concat([frame(BINARY, 'one'), frame(0, 'two'), frame(FINAL, 'three')]),
    messages: [''],
  },
  {
    what: 'pings between fragments',
    send: Buffer.concat([frame(TEXT, 'a'), pings('p'), frame(0, 'b'), pings('q'), frame(FINAL, 'c')]),
    messages: ['abc'],
    pongs: ['p', 'q'],
  },
  {
    what: 'a message behind a fragmented one',
    send: Buffer.concat([fragments('a', 'b'), text('c')]),
    messages: ['ab', 'c'],
  },
  refused('a final continuation of nothing', frame(FINAL, 'x')),
  refused('a continuation of nothing', frame(0, 'x')),
  {
    ...refused('a continuation behind a whole text', Buffer.concat([text('a'), frame(0, 'b')])),
    messages: ['a'],
  },
  refused('a text within a fragmented one', Buffer.concat([frame(TEXT, 'a'), text('b')])),
  refused(
    'a binary message within a fragmented text',
    Buffer.concat([frame(TEXT, 'a'), frame(FINAL | BINARY, 'b')]),
  ),
  refused('a frame without a mask', frame(FINAL | TEXT, 'x', { masked: false })),
];

const SOUND_TEXTS = [
  'κόσμε',
  'Hello-µ@ßöäüàá-UTF-8!!',
  '\u0000',
  '\u0080',
  '\u0800',
  '\u{10000}',
  '\u007f',
  '\u07ff',
  '\uffff',
  '\u{10ffff}',
  '\ud7ff',
  '\ue000',
  '\ufffd',
  '\ufeffafter a byte order mark',
  '\ufdd0 and \u{1fffe} are no characters',
];
const UNSOUND_TEXTS: Readonly<Record<string, readonly number[]>> = {
  'a lone continuation byte': [0x80],
  'two lone continuation bytes': [0xbf, 0x80],
  'a lone first byte of two': [0xc3],
  'a lone first byte before a space': [0xe1, 0x20],
  'a character of three bytes without its last': [0xe2, 0x82],
  'a character of four bytes without its last': [0xf0, 0x9f, 0x98],
  'the impossible byte fe': [0xfe],
  'the impossible byte ff': [0xff],
  'an overlong slash in two bytes': [0xc0, 0xaf],
  'an overlong slash in three bytes': [0xe0, 0x80, 0xaf],
  'an overlong slash in four bytes': [0xf0, 0x80, 0x80, 0xaf],
  'an overlong zero': [0xc0, 0x80],
  'the largest overlong of three bytes': [0xe0, 0x9f, 0xbf],
  'a high surrogate': [0xed, 0xa0, 0x80],
  'a low surrogate': [0xed, 0xbf, 0xbf],
  'a pair of surrogates': [0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80],
  'a code point above 10ffff': [0xf4, 0x90, 0x80, 0x80],
  'a character of five bytes': [0xf8, 0x88, 0x80, 0x80, 0x80],
  'a character of six bytes': [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80],
};

const utf8: readonly FramingCase[] = [
  ...SOUND_TEXTS.flatMap((content) => [
    ofText(`the text ${JSON.stringify(content)}`, content),
    {
      what: `the text ${JSON.stringify(content)} in fragments of a byte`,
      send: fragments(...inParts(Buffer.from(content), 1)),
      messages: [content],
    },
  ]),
  ...Object.entries(UNSOUND_TEXTS).flatMap(([what, bytes]) => [
    refused(what, text(Buffer.from([0x61, ...bytes, 0x62])), INVALID_TEXT),
    refused(`${what}, in fragments`, fragments(...inParts(Buffer.from([0x61, ...bytes]), 1)), INVALID_TEXT),
  ]),
  {
    what: 'a binary message that is no UTF-8',
    send: frame(FINAL | BINARY, Buffer.from([0xff, 0xfe])),
    messages: [''],
  },
];

const SOUND_CODES = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
];
const UNSOUND_CODES = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];

const closing: readonly FramingCase[] = [
  { what: 'a close frame without a code', send: frame(FINAL | CLOSE, ''), close: 1005 },
  { what: 'a close frame with a reason', send: close(1000, 'Goodbye, wörld'), close: 1000 },
  { what: 'a close frame with the longest reason', send: close(1000, '*'.repeat(123)), close: 1000 },
  refused('a close frame with half a code', frame(FINAL | CLOSE, 'x')),
  refused('a close frame of 126 bytes', close(1000, '*'.repeat(124))),
  refused('a close reason that is no UTF-8', close(1000, Buffer.from([0xff])), INVALID_TEXT),
  {
    what: 'a text before a close frame',
    send: Buffer.concat([text('a'), close(1000)]),
    messages: ['a'],
    close: 1000,
  },
  {
    what: 'a text, a ping and a close frame behind a close frame',
    send: Buffer.concat([close(1000), text('a'), pings('p'), close(1001)]),
    close: 1000,
  },
  {
    what: 'a close frame amid a fragmented text',
    send: Buffer.concat([frame(TEXT, 'a'), close(1000), frame(FINAL, 'b')]),
    close: 1000,
  },
  ...SOUND_CODES.map((code) => ({ what: `the close code ${code}`, send: close(code), close: code })),
  ...UNSOUND_CODES.map((code) => refused(`the close code ${code}`, close(code))),
];

const huge = '*'.repeat(FRAME_BYTES_MAX);

const limits: readonly FramingCase[] = [
  ...[262_144, FRAME_BYTES_MAX].map((size) => ofText(`a text of ${size} bytes`, '*'.repeat(size))),
  { what: 'the largest binary message', send: frame(FINAL | BINARY, huge), messages: [''] },
  ...[1024, 65_536].map((bytes) => ({
    what: `the largest text in fragments of ${bytes} bytes`,
    send: fragments(...inParts(Buffer.from(huge), bytes)),
    messages: [huge],
  })),
  refused('a text that is too large by a byte', text(`${huge}*`), 4413),
  refused('fragments that are too large together', fragments(huge, '*'), 4413),
  refused('a binary message that is too large', frame(FINAL | BINARY, `${huge}*`), 4413),
];

/** Cases whose header alone must be enough, for servers whose limit is that of the protocol. */
export const TOLD_BY_HEADER: readonly FramingCase[] = [
  refused('a header that tells of too much', frame(FINAL | TEXT, '', { claims: FRAME_BYTES_MAX + 1 }), 4413),
  refused('a header that tells of a terabyte', frame(FINAL | BINARY, '', { claims: 2 ** 40 }), 4413),
];

export const FRAMING_GROUPS: Readonly<Record<string, readonly FramingCase[]>> = {
  framing,
  'pings and pongs': pingsAndPongs,
  'reserved bits': reservedBits,
  opcodes,
  fragmentation,
  'UTF-8': utf8,
  closing,
  limits,
};
