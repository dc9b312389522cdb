import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RoomActions } from '../../../src/broadcaster/room-actions.ts';
import { createBroadcaster } from '../../../src/library.ts';
import type { Link, LinkEvents } from '../../../src/protocol/ports.ts';
import { type Listener, listen } from '../../../src/world/real/listener.ts';
import { SimpleClient } from '../../library/simple-client.ts';
import { frame, RawPeer, text } from './raw-peer.ts';

/** What an event of one connection throws costs that connection, is told, and costs nobody else anything. */

const closers: (() => unknown)[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closers.splice(0).reverse()) await close();
});

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { timeout: 5000, interval: 2 }).toBe(true);
}

function broken(): never {
  throw new RangeError('Maximum call stack size exceeded');
}

interface Served {
  readonly listener: Listener;
  readonly failures: string[];
  readonly links: Link[];
  readonly closes: number[];
}

/** The first connection is served by a broken owner, the others are echoed to. */
async function served(breakage: (link: Link) => Partial<LinkEvents>): Promise<Served> {
  const [failures, links, closes]: [string[], Link[], number[]] = [[], [], []];
  const listener = await listen({
    port: 0,
    host: '127.0.0.1',
    accept: (link) => {
      links.push(link);
      const sound: LinkEvents = {
        onOpen() {},
        onText: (content) => link.send(content),
        onPong() {},
        onWritable() {},
        onClose: (code) => closes.push(code),
      };
      return links.length === 1 ? { ...sound, ...breakage(link) } : sound;
    },
    onFailure: ({ message }) => failures.push(message),
  });
  closers.push(() => listener.close());
  return { listener, failures, links, closes };
}

async function answers(listener: Listener): Promise<void> {
  const peer = await RawPeer.open(listener.port);
  closers.push(() => peer.socket.destroy());
  peer.socket.write(text('still there?'));
  await until(() => peer.frames.some(({ payload }) => `${payload}` === 'still there?'));
}

const TEXT = text('x');
const PONG = frame(0x8a, '');

describe('a failure at an event of a connection', () => {
  it.each<readonly [string, (link: Link) => Partial<LinkEvents>, Buffer]>([
    ['accepting', broken, TEXT],
    ['a text', () => ({ onText: broken }), TEXT],
    ['a pong', () => ({ onPong: broken }), PONG],
    [
      'writing',
      (link) => ({
        onText: () =>
          link.sendShared('', {
            get text() {
              return broken();
            },
            bytes: undefined,
          }),
      }),
      TEXT,
    ],
  ])('closes it with 1011 when it happens at %s', async (_what, breakage, bytes) => {
    const { listener, failures, closes } = await served(breakage);
    const peer = await RawPeer.open(listener.port);
    closers.push(() => peer.socket.destroy());
    peer.socket.write(Buffer.concat([bytes, bytes, bytes]));
    await until(() => peer.ended);
    expect(peer.closeCode).toBe(1011);
    expect(failures).toEqual(['Maximum call stack size exceeded']);
    peer.socket.end();
    await until(() => breakage === broken || closes.length === 1);
    expect(closes).toEqual(breakage === broken ? [] : [1011]);
    await answers(listener);
  });

  it('closes it when it happens as the socket has caught up', async () => {
    const { listener, failures, links } = await served(() => ({ onWritable: broken }));
    const peer = await RawPeer.open(listener.port);
    closers.push(() => peer.socket.destroy());
    peer.socket.pause();
    const [link] = links;
    while (link && link.bufferedBytes === 0) {
      link.send('f'.repeat(100_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    peer.socket.resume();
    await until(() => peer.ended);
    expect([peer.closeCode, failures.length]).toEqual([1011, 1]);
    await answers(listener);
  });

  it('is told when it happens at the close', async () => {
    const { listener, failures } = await served(() => ({ onClose: broken }));
    (await RawPeer.open(listener.port)).socket.resetAndDestroy();
    await until(() => failures.length === 1);
    await answers(listener);
  });

  it('is counted by the broadcaster of the library, and is an event of it', async () => {
    const broadcaster = createBroadcaster();
    const http = createServer();
    broadcaster.attach(http);
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    closers.push(() => http.closeAllConnections());
    closers.push(() => http.close());
    closers.push(() => broadcaster.stop());
    const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const told: Error[] = [];
    broadcaster.on('internalError', ({ error }) => told.push(error));
    const causes: string[] = [];
    broadcaster.on('disconnected', ({ clientId, cause }) => causes.push(`${clientId} ${cause}`));
    const healthy = await SimpleClient.connect(url, { clientId: 'healthy' });
    vi.spyOn(RoomActions.prototype, 'act').mockImplementation(broken);
    const victim = await SimpleClient.connect(url, { clientId: 'victim' });
    victim.say({ action: 'ping' });
    await until(() => told.length === 1 && causes.length === 1);
    expect(causes).toEqual(['victim internal-error']);
    expect(broadcaster.statistics()).toMatchObject({ internalErrors: 1, connections: 1, sessions: 2 });
    await broadcaster.publish('*', 'tick', 1);
    await healthy.until(({ type }) => type === 'tick');
  });
});
