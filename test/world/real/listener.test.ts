import { connect, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { ClientLink, Link } from '../../../src/protocol/ports.ts';
import { createDialer } from '../../../src/world/real/dial.ts';
import { ListenError, type Listener, listen } from '../../../src/world/real/listener.ts';
import { LinkRecorder } from '../link-recorder.ts';
import { takerOf } from './taker.ts';

describe('listener', () => {
  const listeners: Listener[] = [];

  afterEach(async () => {
    for (const listener of listeners.splice(0)) await listener.close();
  });

  async function listening(
    saw = new LinkRecorder(),
    onLink: (link: Link) => void = () => {},
  ): Promise<Listener> {
    const accept = (link: Link): LinkRecorder => {
      onLink(link);
      return saw;
    };
    const listener = await listen({ port: 0, host: '127.0.0.1', ...takerOf(accept) });
    listeners.push(listener);
    return listener;
  }

  function outcome(ws: WebSocket): Promise<string> {
    return new Promise((resolve) => {
      ws.on('open', () => resolve(`open ${ws.protocol}`));
      ws.on('error', (error) => resolve(error.message));
    });
  }

  it('says where it listens', async () => {
    const listener = await listening();
    expect(listener.port).toBeGreaterThan(0);
    expect(listener.url).toBe(`ws://127.0.0.1:${listener.port}`);
  });

  it('explains a port that is taken', async () => {
    const { port } = await listening();
    const second = listen({
      port,
      host: '127.0.0.1',
      ...takerOf(() => new LinkRecorder()),
      purpose: 'the test',
    });
    await expect(second).rejects.toThrow(ListenError);
    await expect(second).rejects.toMatchObject({ port, code: 'EADDRINUSE' });
    await expect(second).rejects.toThrow(
      `Cannot listen on "127.0.0.1:${port}" for the test: another process has the port`,
    );
  });

  it('explains an address that the machine has not', async () => {
    const attempt = listen({ port: 0, host: '192.0.2.1', ...takerOf(() => new LinkRecorder()) });
    await expect(attempt).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });

  it('gives its port free at once, with clients still connected', async () => {
    const saw = new LinkRecorder();
    const first = await listening(saw);
    const ws = new WebSocket(first.url);
    await outcome(ws);
    await first.close();
    const second = await listen({
      port: first.port,
      host: '127.0.0.1',
      ...takerOf(() => new LinkRecorder()),
    });
    listeners.push(second);
    expect(second.port).toBe(first.port);
    await expect(outcome(new WebSocket(second.url))).resolves.toBe('open ');
  });

  it('negotiates its subprotocol, takes clients that offer none, and refuses other ones', async () => {
    const { url } = await listening();
    await expect(outcome(new WebSocket(url, ['other', 'wsdeliver.v1']))).resolves.toBe('open wsdeliver.v1');
    await expect(outcome(new WebSocket(url))).resolves.toBe('open ');
    await expect(outcome(new WebSocket(url, ['other']))).resolves.toBe('Unexpected server response: 400');
  });

  /** Sends bytes on a bare socket, and returns all that comes until the server ends. */
  function answerTo(port: number, ...bytes: readonly (string | Buffer)[]): Promise<string> {
    return new Promise((resolve, reject) => {
      let answer = '';
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
        socket.write(Buffer.concat(bytes.map((part) => Buffer.from(part))));
      });
      socket.setEncoding('latin1').on('data', (text: string) => {
        answer += text;
      });
      socket.on('error', reject).on('end', () => {
        socket.end();
        resolve(answer);
      });
    });
  }

  function upgrade(changes: Readonly<Record<string, string>> = {}, method = 'GET'): string {
    const headers = {
      host: 'x',
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...changes,
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return `${method} / HTTP/1.1\r\n${lines.join('')}\r\n`;
  }

  it.each([
    ['another method', upgrade({}, 'POST'), '405 Method Not Allowed', 'Invalid HTTP method'],
    ['another protocol', upgrade({ upgrade: 'h2c' }), '400 Bad Request', 'Invalid Upgrade header'],
    [
      'an older version',
      upgrade({ 'sec-websocket-version': '7' }),
      '400 Bad Request',
      'Sec-WebSocket-Version: 13',
    ],
    ['a short key', upgrade({ 'sec-websocket-key': 'c2hvcnQ=' }), '400 Bad Request', 'Sec-WebSocket-Key'],
    [
      'other subprotocols only',
      upgrade({ 'sec-websocket-protocol': 'graphql-ws' }),
      '400 Bad Request',
      'wsdeliver.v1',
    ],
  ])('refuses %s, says why, and ends', async (_, request, status, because) => {
    const answer = await answerTo((await listening()).port, request);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status}\r\n`));
    expect(answer).toContain(because);
  });

  it('answers the key of the RFC, and reads the frames that came with the request', async () => {
    const saw = new LinkRecorder();
    const { port } = await listening(saw);
    const key = Buffer.from([7, 8, 9, 10]);
    const masked = (text: string): Buffer =>
      Buffer.from(Buffer.from(text).map((byte, at) => byte ^ (key[at % 4] ?? 0)));
    const early = Buffer.concat([Buffer.from([0x81, 0x80 | 5]), key, masked('early')]);
    const close = Buffer.concat([Buffer.from([0x88, 0x80]), key]);
    const answer = await answerTo(port, upgrade(), early, close);
    expect(answer).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n');
    expect(answer).not.toContain('Sec-WebSocket-Protocol');
    expect(answer.endsWith('\r\n\r\n\x88\x00')).toBe(true);
    expect(saw.texts).toEqual(['early']);
    await expect.poll(() => saw.closes).toEqual([{ code: 1005, reason: '' }]);
  });

  it('closes with its code after a frame without a mask, and tells its owner why', async () => {
    const saw = new LinkRecorder();
    const answer = await answerTo((await listening(saw)).port, upgrade(), Buffer.from([0x81, 1, 0x61]));
    expect(answer.endsWith('\r\n\r\n\x88\x02\x03\xea')).toBe(true);
    const reason = 'WS_ERR_EXPECTED_MASK Invalid WebSocket frame: MASK must be set';
    await expect.poll(() => saw.closes).toEqual([{ code: 1006, reason }]);
  });

  it('answers a plain request with 426 and a sentence', async () => {
    const { port } = await listening();
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect(response.status).toBe(426);
    expect(await response.text()).toContain('wsdeliver.v1');
  });

  it('hands a binary frame over as bytes', async () => {
    const saw = new LinkRecorder();
    const { url } = await listening(saw);
    const ws = new WebSocket(url);
    await outcome(ws);
    ws.send(Buffer.from('{"kind":"ack","seq":1}'));
    ws.close();
    await new Promise((resolve) => ws.on('close', resolve));
    expect([saw.binaries, saw.texts]).toEqual([['{"kind":"ack","seq":1}'], []]);
  });

  it('writes a single ping, text and close that a plain client understands', async () => {
    const { url } = await listening(new LinkRecorder(), (link) => {
      link.send('hello');
      link.close(4503, 'é'.repeat(100));
    });
    const ws = new WebSocket(url);
    const texts: string[] = [];
    ws.on('message', (data) => texts.push(String(data)));
    const [code, reason] = await new Promise<[number, string]>((resolve) => {
      ws.on('close', (closeCode, closeReason) => resolve([closeCode, closeReason.toString()]));
    });
    expect(texts).toEqual(['hello']);
    expect([code, reason]).toEqual([4503, 'é'.repeat(61)]);
  });

  it('survives a peer that breaks off in the middle of a handshake or a frame', async () => {
    const saw = new LinkRecorder();
    const { port, url } = await listening(saw);
    const half = connect(port, '127.0.0.1', () => {
      half.write('GET / HTTP/1.1\r\nUpgrade: websocket\r\n');
      half.resetAndDestroy();
    });
    await new Promise((resolve) => half.on('close', resolve));
    const ws = new WebSocket(url);
    await outcome(ws);
    ws.terminate();
    const after = new LinkRecorder();
    createDialer({ url })(after);
    while (after.opened === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(after.closes).toEqual([]);
  });
});

describe('dialled link', () => {
  /** What the socket of a plain server meets when `breakOff` is done to the client's end. */
  async function metByServer(breakOff: (link: ClientLink) => void): Promise<string[]> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'wsdeliver.v1' });
    await new Promise((resolve) => server.on('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const met: string[] = [];
    const socketClosed = new Promise((resolve) => {
      server.on('connection', (_ws, request) => {
        request.socket.on('error', (error: NodeJS.ErrnoException) => met.push(error.code ?? ''));
        request.socket.on('end', () => met.push('end'));
        request.socket.on('close', resolve);
      });
    });
    const saw = new LinkRecorder();
    const link = createDialer({ url: `ws://127.0.0.1:${port}` })(saw);
    while (saw.opened === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    breakOff(link);
    await socketClosed;
    server.close();
    return met;
  }

  it('sends a real RST at reset', async () => {
    await expect(metByServer((link) => link.reset())).resolves.toEqual(['ECONNRESET']);
  });

  it('sends a FIN at drop', async () => {
    await expect(metByServer((link) => link.drop())).resolves.toEqual(['end']);
  });
});

describe('dialer', () => {
  it('gives up on a server that never answers the handshake', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.on('listening', resolve));
    const address = silent.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const saw = new LinkRecorder();
    createDialer({ url: `ws://127.0.0.1:${port}`, handshakeTimeoutMs: 50 })(saw);
    while (saw.closes.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(saw.closes).toEqual([{ code: 1006, reason: 'Opening handshake has timed out' }]);
    silent.close();
  });

  it('refuses what is no WebSocket address', () => {
    expect(() => createDialer({ url: 'http://127.0.0.1:1' })).toThrow(
      'Cannot dial "http://127.0.0.1:1": not a WebSocket address, ws://host:port/path is wanted',
    );
  });

  it('dials from the local address it is told', async () => {
    let dials = 0;
    const listener = await listen({ port: 0, host: '127.0.0.1', ...takerOf(() => new LinkRecorder()) });
    const saw = new LinkRecorder();
    const dial = createDialer({
      url: listener.url,
      localAddressFor: (index) => {
        dials++;
        return index === 0 ? '127.0.0.1' : '192.0.2.1';
      },
    });
    dial(saw);
    while (saw.opened === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const foreign = new LinkRecorder();
    dial(foreign);
    while (foreign.closes.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(foreign.closes[0]?.reason).toMatch(/^E(ADDRNOTAVAIL|INVAL)/);
    expect(dials).toBe(2);
    await listener.close();
  });
});
