import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { createBroadcaster } from '../../../src/library.ts';
import type { Link } from '../../../src/protocol/ports.ts';
import { listen } from '../../../src/world/real/listener.ts';
import { FRAMING_GROUPS, type FramingCase, TOLD_BY_HEADER } from './framing-cases.ts';
import { RawPeer, text } from './raw-peer.ts';
import { takerOf } from './taker.ts';

/** Every way in which a server of ours takes WebSockets, against the same bytes. */

interface Target {
  readonly port: number;
  readonly close: () => unknown;
  /** What is sent last, to see whether the connection is still of use, and how its answer begins. */
  readonly probe: { readonly ask: Buffer; readonly answer: string };
  /** What comes back for the messages of a case. */
  readonly answersTo: (messages: readonly string[]) => readonly string[];
}

async function echoing(): Promise<Target> {
  const echo = (link: Link) => ({
    onOpen() {},
    onText: (content: string) => link.send(content),
    onPong() {},
    onWritable() {},
    onClose() {},
  });
  const listener = await listen({ port: 0, host: '127.0.0.1', ...takerOf(echo) });
  return {
    port: listener.port,
    close: () => listener.close(),
    probe: { ask: text('probe'), answer: 'probe' },
    answersTo: (messages) => messages,
  };
}

async function broadcasting(borrowed: boolean): Promise<Target> {
  const broadcaster = createBroadcaster();
  const http = createServer();
  if (borrowed) new WebSocketServer({ server: http }).on('connection', (ws) => broadcaster.accept(ws));
  else broadcaster.attach(http);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    port: (http.address() as AddressInfo).port,
    close: () => {
      broadcaster.stop();
      http.close();
      http.closeAllConnections();
    },
    probe: { ask: text('{"kind":"hello","clientId":"probe"}'), answer: '{"kind":"welcome"' },
    answersTo: (messages) => messages.map(() => '{"type":"error"'),
  };
}

const TARGETS: Readonly<Record<string, () => Promise<Target>>> = {
  listener: echoing,
  'attached broadcaster': () => broadcasting(false),
  'broadcaster with sockets of ws': () => broadcasting(true),
};
/** Longer ones are cut into pieces of this size instead of single bytes. */
const CUT_BYTES_MAX = 300;

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { timeout: 5000, interval: 2 }).toBe(true);
}

function payloadsOf(peer: RawPeer, first: number): string[] {
  return peer.frames.filter((one) => one.first === first).map(({ payload }) => payload.toString());
}

describe.each(Object.entries(TARGETS))('%s', (name, start) => {
  let target: Target;

  beforeAll(async () => {
    target = await start();
  });

  afterAll(() => target.close());

  async function check(one: FramingCase, pieces: readonly Buffer[]): Promise<void> {
    const peer = await RawPeer.open(target.port);
    for (const piece of pieces) {
      peer.socket.write(piece);
      if (pieces.length > 1) await new Promise((resolve) => setImmediate(resolve));
    }
    const answers = target.answersTo(one.messages ?? []);
    if (one.close === undefined) {
      peer.socket.write(target.probe.ask);
      await until(() => payloadsOf(peer, 0x81).length > answers.length || peer.ended);
    } else await until(() => peer.ended);
    const texts = payloadsOf(peer, 0x81);
    const expected = one.close === undefined ? [...answers, target.probe.answer] : answers;
    expect(texts.map((content, at) => content.slice(0, expected[at]?.length ?? 20))).toEqual(expected);
    expect(payloadsOf(peer, 0x8a)).toEqual(one.pongs ?? []);
    expect(peer.closeCode).toBe(one.close);
    expect(peer.frames.every(({ masked }) => !masked)).toBe(true);
    peer.socket.destroy();
  }

  describe.each(Object.entries(FRAMING_GROUPS))('%s', (_group, cases) => {
    it.each(cases)('$what', async (one) => {
      await check(one, [one.send]);
      const size = one.send.length <= CUT_BYTES_MAX ? 1 : Math.ceil(one.send.length / 64);
      const pieces: Buffer[] = [];
      for (let at = 0; at < one.send.length; at += size) pieces.push(one.send.subarray(at, at + size));
      await check(one, pieces);
    });
  });

  // Whoever made the server of ws has set its limit.
  if (name !== 'broadcaster with sockets of ws') {
    it.each(TOLD_BY_HEADER)('$what', (one) => check(one, [one.send]));
  }
});

const HEADERS = {
  Host: 'x',
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

function request(
  changes: Readonly<Record<string, string | undefined>> = {},
  line = 'GET / HTTP/1.1',
): string {
  const headers = Object.entries({ ...HEADERS, ...changes });
  const lines = headers.flatMap(([key, value]) => (value === undefined ? [] : [`${key}: ${value}`]));
  return [line, ...lines, '', ''].join('\r\n');
}

const HANDSHAKES: readonly (readonly [what: string, request: string, status: string])[] = [
  ['names and values in any case', request({ Upgrade: 'WebSocket', Connection: 'uPGRADE' }), '101'],
  ['more tokens than needed', request({ Connection: 'keep-alive, Upgrade' }), '101'],
  ['an extension, which is not taken', request({ 'Sec-WebSocket-Extensions': 'permessage-deflate' }), '101'],
  ['an unknown extension', request({ 'Sec-WebSocket-Extensions': 'x-unknown; a=1' }), '101'],
  ['an origin and a cookie', request({ Origin: 'https://x', Cookie: 'a=b' }), '101'],
  ['our subprotocol among others', request({ 'Sec-WebSocket-Protocol': 'a, wsdeliver.v1' }), '101'],
  ['other subprotocols only', request({ 'Sec-WebSocket-Protocol': 'a, b' }), '400'],
  ['a subprotocol header that is no list', request({ 'Sec-WebSocket-Protocol': 'a,,b' }), '400'],
  ['no key', request({ 'Sec-WebSocket-Key': undefined }), '400'],
  ['a short key', request({ 'Sec-WebSocket-Key': 'c2hvcnQ=' }), '400'],
  ['no version', request({ 'Sec-WebSocket-Version': undefined }), '400'],
  ['a version that is none', request({ 'Sec-WebSocket-Version': 'x' }), '400'],
  ['another protocol', request({ Upgrade: 'h2c' }), '400'],
  ['another method', request({}, 'POST / HTTP/1.1'), '405'],
  ['something that is no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', '400'],
  ['a header that is too large', request({ 'X-Large': 'x'.repeat(100_000) }), '431'],
];

describe.each(Object.entries(TARGETS).slice(0, 2))('%s, opening handshake', (_name, start) => {
  let target: Target;

  beforeAll(async () => {
    target = await start();
  });

  afterAll(() => target.close());

  it.each(HANDSHAKES)('with %s', async (_what, sent, status) => {
    const socket = connect(target.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(sent, 'latin1');
    let answer = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      answer += chunk;
    });
    await until(() => answer.includes('\r\n\r\n'));
    expect(answer.slice(0, 12)).toBe(`HTTP/1.1 ${status}`);
    expect(answer).not.toMatch(/sec-websocket-extensions/i);
    if (status !== '101') await until(() => socket.readableEnded || socket.destroyed);
    socket.destroy();
  });
});
