import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { type ClientLink, LinkState } from '../../../src/protocol/ports.ts';
import { createDialer, type DialerOptions } from '../../../src/world/real/dial.ts';
import { LinkRecorder } from '../link-recorder.ts';
import { AUTHORITY, CHAT, EXPIRED } from './certificates.ts';
import { LOCALHOST } from './localhost-certificate.ts';

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
  vi.unstubAllEnvs();
});

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.on('listening', resolve));
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A server that is told what to do with each connection, and reads what comes. */
async function rawServer(serve: (socket: Socket, received: () => string) => void): Promise<string> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let received = '';
    closers.push(() => socket.destroy());
    socket.on('error', () => {});
    socket.on('data', (data) => {
      received += data.toString('latin1');
    });
    serve(socket, () => received);
  });
  return `ws://127.0.0.1:${await portOf(server)}`;
}

/** A server that answers the whole request with what `answer` makes of it. */
function answering(answer: (request: string, socket: Socket) => void): Promise<string> {
  return rawServer((socket, received) => {
    socket.on('data', () => {
      if (received().endsWith('\r\n\r\n')) answer(received(), socket);
    });
  });
}

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { timeout: 5000, interval: 2 }).toBe(true);
}

function dialled(url: string, options: Partial<DialerOptions> = {}): { link: ClientLink; saw: LinkRecorder } {
  const saw = new LinkRecorder();
  const link = createDialer({ url, ...options })(saw);
  closers.push(() => link.terminate());
  return { link, saw };
}

async function closeOf(url: string, options: Partial<DialerOptions> = {}): Promise<unknown> {
  const { saw } = dialled(url, options);
  await until(() => saw.closes.length === 1);
  expect(saw.opened).toBe(0);
  return saw.closes[0];
}

function acceptOf(request: string): string {
  const key = /^Sec-WebSocket-Key: (.*)$/im.exec(request)?.[1]?.trim() ?? '';
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

function goodAnswer(request: string, changes: Readonly<Record<string, string | undefined>> = {}): string {
  const headers = {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': acceptOf(request),
    'Sec-WebSocket-Protocol': 'wsdeliver.v1',
    ...changes,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  );
  return ['HTTP/1.1 101 Switching Protocols', ...lines, '', ''].join('\r\n');
}

describe('opening handshake', () => {
  it('asks for path and query, offers its subprotocols, and offers no extension', async () => {
    const requests: string[] = [];
    const url = await answering((request, socket) => {
      requests.push(request);
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    await closeOf(`${url}/some/path?room=a%20b`, { subprotocols: ['one', 'two'] });
    await closeOf(url, { subprotocols: [] });
    const [first, second] = requests;
    expect(first).toMatch(/^GET \/some\/path\?room=a%20b HTTP\/1\.1\r\n/);
    expect(first).toContain(`\r\nHost: ${url.slice('ws://'.length)}\r\n`);
    expect(first).toContain('\r\nSec-WebSocket-Version: 13\r\n');
    expect(first).toContain('\r\nSec-WebSocket-Protocol: one,two\r\n');
    expect(first).not.toMatch(/extensions|authorization/i);
    expect(second).toMatch(/^GET \/ HTTP\/1\.1\r\n/);
    expect(second).not.toMatch(/sec-websocket-protocol/i);
  });

  it('sends the credentials of the address', async () => {
    const requests: string[] = [];
    const url = await answering((request, socket) => {
      requests.push(request);
      socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
    });
    await closeOf(url.replace('ws://', 'ws://m%C3%BCller:p%40ss@'));
    expect(requests[0]).toContain(
      `\r\nAuthorization: Basic ${Buffer.from('müller:p@ss').toString('base64')}\r\n`,
    );
  });

  it('draws a key of 16 bytes for each connection', async () => {
    const keys = new Set<string>();
    let answered = 0;
    const url = await answering((request, socket) => {
      answered += 1;
      keys.add(/Sec-WebSocket-Key: (.*)\r\n/.exec(request)?.[1] ?? '');
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    const dial = createDialer({ url });
    for (let dials = 0; dials < 300; dials++) dial(new LinkRecorder());
    await until(() => answered === 300);
    expect(keys.size).toBe(300);
    for (const key of keys) expect(Buffer.from(key, 'base64')).toHaveLength(16);
  });

  it('takes an answer that comes byte by byte, in any case, with more tokens than it needs', async () => {
    const url = await answering(async (request, socket) => {
      const answer = goodAnswer(request, { Upgrade: 'WebSocket', Connection: 'keep-alive, upgrade' });
      const shouted = answer
        .replace('Connection', 'CONNECTION')
        .replace('Sec-WebSocket-A', 'sec-websocket-a');
      for (const character of shouted) {
        socket.write(character);
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    const { saw } = dialled(url);
    await until(() => saw.opened === 1);
  });

  it('loses no frame that comes with the answer, and takes the rest of one that was cut', async () => {
    const url = await answering((request, socket) => {
      socket.setNoDelay(true);
      const stream = `${goodAnswer(request)}\x81\x05first\x81\x06second`;
      socket.write(stream.slice(0, 50), 'latin1');
      setTimeout(() => socket.write(stream.slice(50, -3), 'latin1'), 20);
      setTimeout(() => socket.write(stream.slice(-3), 'latin1'), 40);
    });
    const { saw } = dialled(url);
    await until(() => saw.texts.length === 2);
    expect(saw.texts).toEqual(['first', 'second']);
  });

  it('hands over nothing that came with the answer while it is paused', async () => {
    const url = await answering((request, socket) => {
      socket.write(`${goodAnswer(request)}\x81\x05first`, 'latin1');
    });
    const { link, saw } = dialled(url);
    link.pauseReading();
    await until(() => saw.opened === 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(saw.texts).toEqual([]);
    link.resumeReading();
    await until(() => saw.texts.length === 1);
  });

  it.each([
    ['200', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 'Unexpected server response: 200'],
    ['302', 'HTTP/1.1 302 Found\r\nLocation: /other\r\n\r\n', 'Unexpected server response: 302'],
    ['garbage', 'SSH-2.0-OpenSSH_9.6\r\n', 'The server does not answer in HTTP/1.1'],
    ['a status line that is none', 'HTTP/1.1 fine\r\n\r\n', 'The server does not answer in HTTP/1.1'],
    [
      'a head without end',
      `HTTP/1.1 101 Switching Protocols\r\nX: ${'x'.repeat(20_000)}`,
      'The answer to the opening handshake is longer than 16384 bytes',
    ],
  ])('does not open when the answer is %s', async (_, answer, reason) => {
    const url = await answering((_request, socket) => socket.write(answer));
    expect(await closeOf(url)).toEqual({ code: 1006, reason });
  });

  it.each([
    [{ Upgrade: 'h2c' }, 'Invalid Upgrade header'],
    [{ Connection: undefined }, 'Invalid Connection header'],
    [{ 'Sec-WebSocket-Accept': acceptOf('') }, 'Invalid Sec-WebSocket-Accept header'],
    [{ 'Sec-WebSocket-Accept': undefined }, 'Invalid Sec-WebSocket-Accept header'],
    [{ 'Sec-WebSocket-Protocol': 'graphql-ws' }, 'Server sent an invalid subprotocol'],
    [{ 'Sec-WebSocket-Protocol': undefined }, 'Server sent no subprotocol'],
    [{ 'Sec-WebSocket-Extensions': 'permessage-deflate' }, 'Server chose an extension but none was offered'],
  ])('does not open when the answer has %o', async (changes, reason) => {
    const url = await answering((request, socket) =>
      socket.write(`${goodAnswer(request, changes)}\x81\x05first`, 'latin1'),
    );
    expect(await closeOf(url)).toEqual({ code: 1006, reason });
  });

  it('wants no subprotocol when it offers none', async () => {
    const url = await answering((request, socket) =>
      socket.write(goodAnswer(request, { 'Sec-WebSocket-Protocol': undefined })),
    );
    const { saw } = dialled(url, { subprotocols: [] });
    await until(() => saw.opened === 1);
    const chatty = await answering((request, socket) => socket.write(goodAnswer(request)));
    expect(await closeOf(chatty, { subprotocols: [] })).toMatchObject({
      reason: 'Server sent a subprotocol but none was requested',
    });
  });

  it('says when the server hangs up, at once or in the middle of its answer', async () => {
    const reason = 'The server closed the connection before it was established';
    const atOnce = await rawServer((socket) => socket.end());
    expect(await closeOf(atOnce)).toEqual({ code: 1006, reason });
    const halfway = await answering((_request, socket) => socket.end('HTTP/1.1 101 Swi'));
    expect(await closeOf(halfway)).toEqual({ code: 1006, reason });
  });

  it('gives up on a server that answers too slowly, however much it says meanwhile', async () => {
    const url = await answering((_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n');
      const drip = setInterval(() => socket.write('X: y\r\n'), 10);
      socket.on('close', () => clearInterval(drip));
    });
    expect(await closeOf(url, { handshakeTimeoutMs: 100 })).toEqual({
      code: 1006,
      reason: 'Opening handshake has timed out',
    });
  });

  it('tries every address of a name', async () => {
    const url = await answering((request, socket) =>
      socket.write(`${goodAnswer(request)}\x81\x02hi`, 'latin1'),
    );
    const { saw } = dialled(url.replace('127.0.0.1', 'localhost'));
    await until(() => saw.texts.length === 1);
  });
});

describe('dialled link', () => {
  it('says why it never opened when it is closed while it is being opened', async () => {
    const url = await rawServer(() => {});
    const { link, saw } = dialled(url);
    link.close(1000, 'bye');
    await until(() => saw.closes.length === 1);
    expect(saw.closes).toEqual([{ code: 1006, reason: 'Closed before the connection was established' }]);
  });

  it('stays closed whatever is done to it afterwards', async () => {
    const url = await answering((request, socket) => socket.end(goodAnswer(request)));
    const { link, saw } = dialled(url);
    await until(() => saw.closes.length === 1);
    for (const act of ['terminate', 'reset', 'drop', 'ping', 'pauseReading', 'resumeReading'] as const) {
      link[act]();
      expect(link.state).toBe(LinkState.closed);
    }
    link.limitReading(1000);
    link.send('more');
    link.close(1000, '');
    expect([link.state, link.bufferedBytes]).toEqual([LinkState.closed, 0]);
  });
});

describe('dialled link to a server of ws', () => {
  async function opened(
    onConnection: (ws: WebSocket) => void,
  ): Promise<{ link: ClientLink; saw: LinkRecorder; ws: WebSocket }> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: true });
    await new Promise((resolve) => server.on('listening', resolve));
    closers.push(() => {
      server.close();
      for (const client of server.clients) client.terminate();
    });
    const connected = new Promise<WebSocket>((resolve) => server.on('connection', resolve));
    const { port } = server.address() as AddressInfo;
    const pair = dialled(`ws://127.0.0.1:${port}`);
    const ws = await connected;
    onConnection(ws);
    await until(() => pair.saw.opened === 1);
    return { ...pair, ws };
  }

  it('negotiates no compression', async () => {
    const { ws } = await opened(() => {});
    expect(ws.extensions).toBe('');
  });

  it('reads fragmented texts with pings in between, and answers those', async () => {
    const pongs: string[] = [];
    const { saw } = await opened((ws) => {
      ws.on('pong', (data) => pongs.push(data.toString()));
      for (let round = 0; round < 50; round++) {
        ws.send('grü', { fin: false });
        ws.ping(`p${round}`);
        ws.send(`ße ${round}`, { fin: true });
      }
    });
    await until(() => saw.texts.length === 50 && pongs.length === 50);
    expect(saw.texts[49]).toBe('grüße 49');
    expect(pongs[49]).toBe('p49');
  });

  it('hands a binary message over as bytes', async () => {
    const { saw } = await opened((ws) => ws.send(Buffer.from('{}')));
    await until(() => saw.binaries.length === 1);
    expect([saw.binaries, saw.texts]).toEqual([['{}'], []]);
  });

  it('answers a close frame with its code, and one without a code', async () => {
    for (const code of [4321, undefined]) {
      const { saw, ws } = await opened(() => {});
      const met = new Promise((resolve) => ws.on('close', resolve));
      ws.close(code, code === undefined ? undefined : 'enough');
      expect(await met).toBe(code ?? 1005);
      await until(() => saw.closes.length === 1);
      expect(saw.closes).toEqual([{ code: code ?? 1005, reason: code ? 'enough' : '' }]);
    }
  });

  it('still hears what arrives before its close is answered', async () => {
    const { link, saw, ws } = await opened(() => {});
    ws.pause();
    link.close(1000, 'bye');
    expect(link.state).toBe(LinkState.closing);
    ws.send('late');
    await until(() => saw.texts.length === 1);
    ws.resume();
    await until(() => saw.closes.length === 1);
    expect(saw.closes).toEqual([{ code: 1000, reason: 'bye' }]);
  });

  it.each(['drop', 'reset'] as const)(
    'hears no close frame that stands behind its own %s',
    async (breakOff) => {
      const frames = '\x81\x03now\x81\x05after\x88\x02\x03\xe8';
      const url = await answering((request, socket) => socket.write(goodAnswer(request) + frames, 'latin1'));
      const { link, saw } = dialled(url);
      saw.onEachText = () => link[breakOff]();
      await until(() => saw.closes.length === 1);
      expect([saw.texts, saw.closes]).toEqual([['now'], [{ code: 1006, reason: '' }]]);
    },
  );

  it('hands over in order what it held back, when a limit is lifted and set in the middle of it', async () => {
    const { link, saw, ws } = await opened(() => {});
    link.limitReading(100_000);
    saw.onEachText = (text) => {
      if (Number(text) % 500 === 200) link.limitReading(undefined);
      if (Number(text) % 500 === 450) link.limitReading(100_000);
      if (Number(text) % 500 === 300) link.pauseReading();
      if (Number(text) % 500 === 300) setTimeout(() => link.resumeReading(), 10);
    };
    const sent = Array.from({ length: 3000 }, (_, index) => String(index));
    for (const text of sent) ws.send(text);
    await until(() => saw.texts.length === sent.length);
    expect(saw.texts).toEqual(sent);
  });
});

describe('dialled link to a server that breaks the protocol', () => {
  async function metBy(
    frames: Buffer,
  ): Promise<{ readonly link: ClientLink; readonly saw: LinkRecorder; readonly answer: () => Buffer }> {
    let answer = (): Buffer => Buffer.alloc(0);
    const url = await rawServer((socket, received) => {
      socket.once('data', () => socket.write(Buffer.concat([Buffer.from(goodAnswer(received())), frames])));
      answer = () => Buffer.from(received().split('\r\n\r\n')[1] ?? '', 'latin1');
    });
    const { link, saw } = dialled(url);
    await until(() => saw.opened === 1);
    return { link, saw, answer };
  }

  it.each([
    ['a masked frame', Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x61]), 1002, /masked/],
    ['a text that is not UTF-8', Buffer.from([0x81, 0x01, 0xff]), 1007, /UTF-8/],
  ])('closes with its code after %s, and says why', async (_, frames, code, why) => {
    const { saw, answer } = await metBy(Buffer.concat([frames, Buffer.from('\x81\x05after', 'latin1')]));
    await until(() => saw.closes.length === 1);
    expect(saw.closes[0]).toMatchObject({ code: 1006, reason: expect.stringMatching(why) });
    expect(saw.texts).toEqual([]);
    await until(() => answer().length >= 8);
    expect(answer()[0]).toBe(0x88);
    expect(answer().readUInt16BE(6)).toBe(code);
  });

  it('says nothing when a server leaves without a close frame, and calls it 1006', async () => {
    const url = await answering((request, socket) =>
      socket.end(`${goodAnswer(request)}\x81\x02hi`, 'latin1'),
    );
    const { saw } = dialled(url);
    await until(() => saw.closes.length === 1);
    expect([saw.texts, saw.closes]).toEqual([['hi'], [{ code: 1006, reason: '' }]]);
  });

  it.each([
    ['sends its close frame and keeps the socket', Buffer.from([0x88, 0x02, 0x03, 0xe8]), 1000],
    ['does not answer a close frame', Buffer.alloc(0), 1006],
  ])('drops a server that %s', async (_, frames, code) => {
    const { saw, link } = await metBy(frames);
    link.close(1000, '');
    expect(link.state).toBe(LinkState.closing);
    await until(() => saw.closes.length === 1);
    expect(saw.closes).toEqual([{ code, reason: '' }]);
    expect(link.state).toBe(LinkState.closed);
  });
});

describe('dialled link with more than plain text', () => {
  interface Server {
    readonly url: string;
    readonly requests: IncomingMessage[];
    readonly sockets: WebSocket[];
  }

  async function serving(options: ServerOptions = {}): Promise<Server> {
    const server = new WebSocketServer({ ...options, host: '127.0.0.1', port: 0 });
    closers.push(() => {
      for (const client of server.clients) client.terminate();
      server.close();
    });
    await new Promise((resolve) => server.on('listening', resolve));
    const requests: IncomingMessage[] = [];
    const sockets: WebSocket[] = [];
    server.on('connection', (socket, request) => {
      sockets.push(socket);
      requests.push(request);
    });
    return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, sockets };
  }

  it('sends the headers of one attempt, to the address of that attempt', async () => {
    const [usual, other] = [await serving(), await serving()];
    const dial = createDialer({ url: usual.url });
    const [first, second] = [new LinkRecorder(), new LinkRecorder()];
    const links = [
      dial(first, { url: `${other.url}/x`, headers: { cookie: 'a=b' }, subprotocols: ['chat'] }),
      dial(second),
    ];
    closers.push(() => links.map((link) => link.terminate()));
    await until(() => first.opened === 1 && second.opened === 1);
    expect(other.requests[0]).toMatchObject({
      url: '/x',
      headers: { cookie: 'a=b', 'sec-websocket-protocol': 'chat' },
    });
    expect(usual.requests[0]).toMatchObject({
      url: '/',
      headers: { 'sec-websocket-protocol': 'wsdeliver.v1' },
    });
    expect(usual.requests[0]?.headers.cookie).toBeUndefined();
  });

  it('reads what a server compresses, and is understood without compressing', async () => {
    const server = await serving({ perMessageDeflate: { threshold: 0 } });
    const { link, saw } = dialled(server.url, { compression: true });
    await until(() => server.sockets.length === 1 && saw.opened === 1);
    const [socket] = server.sockets;
    expect(socket?.extensions).toBe('permessage-deflate');
    const text = 'many of the same '.repeat(500);
    socket?.send(text);
    await until(() => saw.texts.length === 1);
    expect(saw.texts).toEqual([text]);
    // It came compressed: less than a tenth of it went over the wire.
    expect(link.receivedBytes).toBeLessThan(text.length / 10);
    const echoed = new Promise((resolve) => socket?.on('message', (data) => resolve(data.toString())));
    link.send(text);
    expect(await echoed).toBe(text);
  });

  it('closes on an address and on a header that make no sense, and throws nothing', async () => {
    const dial = createDialer({});
    for (const request of [{ url: 'nonsense' }, { url: 'ws://127.0.0.1:1', headers: { a: 'x\ny' } }]) {
      const saw = new LinkRecorder();
      const link = dial(saw, request);
      expect([link.state, saw.closes]).toEqual([LinkState.connecting, []]);
      link.send('a');
      link.close(1000, '');
      await until(() => saw.closes.length === 1);
      expect(saw.closes[0]).toMatchObject({ code: 1006 });
      expect(link.state).toBe(LinkState.closed);
    }
  });

  it('gives up after its timeout on a server that keeps saying something', async () => {
    const url = await rawServer((socket) => {
      socket.write('HTTP/1.1 101 Wait\r\n');
      const timer = setInterval(() => socket.write('x: y\r\n'), 20);
      socket.on('close', () => clearInterval(timer));
    });
    // The timeout of `ws` begins again with every byte, and the server would go on for ever.
    const closed = await closeOf(url, { alwaysWs: true, handshakeTimeoutMs: 200 });
    expect(closed).toEqual({ code: 1006, reason: 'Opening handshake has timed out' });
  });

  it('dials with ws once a bare socket was redirected, and follows', async () => {
    const server = await serving();
    const front = await answering((_, socket) =>
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${server.url}/there\r\nContent-Length: 0\r\n\r\n`),
    );
    let redirects = 0;
    const dial = createDialer({ url: front, onRedirect: () => (redirects += 1) });
    const first = new LinkRecorder();
    dial(first);
    await until(() => first.closes.length === 1);
    expect([first.closes[0]?.reason, redirects]).toEqual(['Unexpected server response: 302', 1]);
    const second = new LinkRecorder();
    const link = dial(second);
    closers.push(() => link.terminate());
    await until(() => second.opened === 1);
    expect(server.requests[0]?.url).toBe('/there');
  });

  it.each([
    ['its authority', CHAT, { ca: AUTHORITY, servername: 'chat.test' }, undefined],
    ['nobody', EXPIRED, { insecure: true }, undefined],
    ['the name of the address', CHAT, { ca: AUTHORITY }, /^ERR_TLS_CERT_ALTNAME_INVALID .*"tls.servername"/],
    ['the date', EXPIRED, { ca: AUTHORITY }, /^CERT_HAS_EXPIRED .*"tls.insecure: true"/],
    ['authorities of Node', CHAT, { servername: 'chat.test' }, /^UNABLE_TO_VERIFY_LEAF_SIGNATURE .*"tls.ca"/],
  ])('believes a certificate by %s', async (_, certificate, tls, why) => {
    const https = createSecureServer(certificate);
    const server = new WebSocketServer({ server: https });
    closers.push(() => {
      for (const client of server.clients) client.terminate();
    });
    const { saw } = dialled(`wss://127.0.0.1:${await portOf(https)}`, { tls });
    await until(() => saw.opened + saw.closes.length === 1);
    if (why === undefined) expect(saw.opened).toBe(1);
    else expect(saw.closes[0]?.reason).toMatch(why);
  });
});

describe('dialled link over TLS', () => {
  it('carries frames, holds back while paused, and closes', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const https = createSecureServer(LOCALHOST);
    const server = new WebSocketServer({ server: https });
    closers.push(() => {
      for (const client of server.clients) client.terminate();
    });
    const port = await portOf(https);
    const connected = new Promise<WebSocket>((resolve) => server.on('connection', resolve));
    const { link, saw } = dialled(`wss://localhost:${port}`);
    await until(() => saw.opened === 1);
    const ws = await connected;
    const sent = Array.from({ length: 400 }, (_, index) => `${index} ${'t'.repeat(1000)}`);
    link.pauseReading();
    for (const text of sent) ws.send(text);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(saw.texts).toEqual([]);
    link.limitReading(1_000_000);
    link.resumeReading();
    await until(() => saw.texts.length === sent.length);
    expect(saw.texts).toEqual(sent);
    const echoed = new Promise((resolve) => ws.on('message', (data) => resolve(data.toString())));
    link.send('an answer');
    expect(await echoed).toBe('an answer');
    link.close(1000, 'bye');
    await until(() => saw.closes.length === 1);
    expect(saw.closes).toEqual([{ code: 1000, reason: 'bye' }]);
  });

  it('does not open when it does not trust the server, and says so', async () => {
    const port = await portOf(createSecureServer(LOCALHOST));
    expect(await closeOf(`wss://localhost:${port}`)).toMatchObject({
      code: 1006,
      reason: expect.stringMatching(/^DEPTH_ZERO_SELF_SIGNED_CERT /),
    });
  });
});
