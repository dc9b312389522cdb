import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { createBroadcaster } from '../../../src/library.ts';
import { BUFFER_BYTES_MAX, type Link, OVERRUN_BYTES_MAX, SharedText } from '../../../src/protocol/ports.ts';
import { createDialer } from '../../../src/world/real/dial.ts';
import { acceptValue } from '../../../src/world/real/handshake.ts';
import { listen } from '../../../src/world/real/listener.ts';
import { SimpleClient } from '../../library/simple-client.ts';
import { LinkRecorder } from '../link-recorder.ts';
import { frame, RawPeer, text } from './raw-peer.ts';
import { takerOf } from './taker.ts';

/** Peers that make the other end write and do not read: what is kept for them is bounded, whatever it is. */

const MIB = 1_048_576;
const PING = frame(0x89, 'p'.repeat(125));
const closers: (() => unknown)[] = [];

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function keptBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function until(condition: () => boolean, timeout = 5000): Promise<void> {
  await expect.poll(condition, { timeout, interval: 5 }).toBe(true);
}

async function accepted(saw: LinkRecorder): Promise<{ readonly link: Link; readonly peer: RawPeer }> {
  const links: Link[] = [];
  const taker = takerOf((link) => {
    links.push(link);
    return saw;
  });
  const listener = await listen({ port: 0, host: '127.0.0.1', ...taker });
  closers.push(() => listener.close());
  const peer = await RawPeer.open(listener.port);
  closers.push(() => peer.socket.destroy());
  peer.socket.pause();
  const [link] = links;
  if (link === undefined) throw new Error('the link is accepted when the handshake is done');
  return { link, peer };
}

/** Fills what the kernels of both ends hold, up to the limit of the link. */
async function fill(link: Link): Promise<void> {
  while (link.bufferedBytes <= link.bufferBytesMax) {
    link.send('f'.repeat(100_000));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('accepted link to a peer that does not read', () => {
  it('answers only the newest of its pings, and that one when it reads again', async () => {
    const { link, peer } = await accepted(new LinkRecorder());
    await fill(link);
    const before = link.bufferedBytes;
    await peer.flood(PING, { totalBytes: 8 * MIB, forMs: 5000 });
    peer.socket.write(frame(0x89, 'newest'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(link.bufferedBytes).toBeLessThanOrEqual(before);
    peer.socket.resume();
    await until(() => peer.frames.some(({ first, payload }) => first === 0x8a && `${payload}` === 'newest'));
    expect(peer.frames.filter(({ first }) => first === 0x8a)).toHaveLength(1);
  });

  it('answers every ping of a peer that reads', async () => {
    const { peer } = await accepted(new LinkRecorder());
    peer.socket.resume();
    for (let sent = 0; sent < 200; sent++) peer.socket.write(frame(0x89, `p${sent}`));
    await until(() => peer.frames.length === 200);
    expect(`${peer.frames[199]?.payload}`).toBe('p199');
  });

  it('sends no pings over its limit', async () => {
    const { link } = await accepted(new LinkRecorder());
    await fill(link);
    const before = link.bufferedBytes;
    for (let pings = 0; pings < 10_000; pings++) link.ping();
    expect(link.bufferedBytes).toBe(before);
  });

  it.each([
    ['texts', (link: Link) => link.send('{"kind":"ack","seq":123456}')],
    ['shared texts', (link: Link) => link.sendShared('{"seq":1,', new SharedText('"type":"tick"}'))],
    ['large texts', (link: Link) => link.send('x'.repeat(MIB))],
  ])('closes with 4429 when its owner goes on sending %s', async (_, send) => {
    const saw = new LinkRecorder();
    const { link } = await accepted(saw);
    await fill(link);
    const before = keptBytes();
    let most = 0;
    for (let sent = 0; sent < 500_000 && link.state === 1; sent++) {
      send(link);
      most = Math.max(most, link.bufferedBytes);
      if (sent % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(most).toBeLessThanOrEqual(BUFFER_BYTES_MAX + OVERRUN_BYTES_MAX);
    expect(keptBytes() - before).toBeLessThan(8 * MIB);
    await until(() => saw.closes.length === 1);
    expect(saw.closeCode).toBe(4429);
  });

  it('writes one close frame, however often it is closed', async () => {
    const { link } = await accepted(new LinkRecorder());
    await fill(link);
    link.close(4503, 'draining');
    const once = link.bufferedBytes;
    for (let closes = 0; closes < 1000; closes++) link.close(4503, 'draining');
    expect(link.bufferedBytes).toBe(once);
  });
});

describe.each([false, true])('dialled link (always ws: %s) to a server that does not read', (alwaysWs) => {
  it('answers only the newest of its pings', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.once('data', (request) => {
        socket.pause();
        const key = /sec-websocket-key: (\S+)/i.exec(request.toString('latin1'))?.[1] ?? '';
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptValue(key)}\r\n\r\n`,
        );
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => server.close());
    const saw = new LinkRecorder();
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const link = createDialer({ url, alwaysWs, subprotocols: [] })(saw);
    closers.push(() => link.terminate());
    await until(() => saw.opened === 1);
    await fill(link);
    const before = link.bufferedBytes;
    const pings = Buffer.concat(new Array<Buffer>(500).fill(frame(0x89, 'p'.repeat(125), { masked: false })));
    for (let lots = 0; lots < 100; lots++) {
      sockets[0]?.write(pings);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(link.bufferedBytes).toBeLessThanOrEqual(before);
    for (let sent = 0; sent < 500_000 && link.state === 1; sent++) link.send('{"kind":"ack","seq":123456}');
    await until(() => saw.closes.length === 1);
    expect(saw.closeCode).toBe(4429);
  });
});

describe.each([
  ['attached', false],
  ['given sockets of ws', true],
])('broadcaster, %s, with clients that do not read', (_how, borrowed) => {
  const hello = text('{"kind":"hello","clientId":"deaf","rooms":["r"]}');

  it.each([
    ['pings before the hello', undefined, PING],
    ['pings', hello, PING],
    ['malformed frames', hello, text('{')],
    ['pings of the application', hello, text('{"action":"ping"}')],
    ['joins', hello, text('{"action":"join","room":"r"}')],
    [
      'messages to a room of its own',
      hello,
      text(`{"action":"message","room":"r","content":"${'c'.repeat(1000)}"}`),
    ],
    ['publishes', hello, text('{"seq":1,"type":"publish","payload":{"type":"t","payload":1}}')],
    ['publishes that are refused', hello, text('{"seq":1,"type":"other","payload":1}')],
  ])('keeps little for %s, and serves others', async (_what, first, flood) => {
    const broadcaster = createBroadcaster();
    const http = createHttpServer();
    if (borrowed) new WebSocketServer({ server: http }).on('connection', (ws) => broadcaster.accept(ws));
    else broadcaster.attach(http);
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    closers.push(() => http.closeAllConnections());
    closers.push(() => http.close());
    closers.push(() => broadcaster.stop());
    const { port } = http.address() as AddressInfo;
    const healthy = await SimpleClient.connect(`ws://127.0.0.1:${port}`, { clientId: 'healthy' });
    const before = keptBytes();
    const peers = await Promise.all([1, 2, 3, 4].map(() => RawPeer.open(port)));
    await Promise.all(
      peers.map(async (peer) => {
        closers.push(() => peer.socket.destroy());
        peer.socket.pause();
        if (first !== undefined) peer.socket.write(first);
        await peer.flood(flood, { totalBytes: 12 * MIB, forMs: 1500 });
      }),
    );
    expect(keptBytes() - before).toBeLessThan(24 * MIB);
    const askedMs = performance.now();
    await broadcaster.publish('*', 'tick', 1);
    await healthy.until(({ type }) => type === 'tick');
    expect(performance.now() - askedMs).toBeLessThan(2000);
  });
});
