import { setTimeout as sleep } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import { describe, expect, it } from 'vitest';
import { randomStreams } from '../../../src/world/random.ts';
import { LoneClient } from './lone-client.ts';
import { ChatServer, EVENT } from './server.ts';
import { until } from './until.ts';

const ROOM = 'r1';
const CUTS = ['fin', 'rst', 'close', 'restart'] as const;
const KINDS = ['plain', 'plain', 'text', 'binary', 'volatile', 'volatile', 'acked'] as const;

/** The official client, and what it saw. */
class Official {
  readonly told: string[] = [];
  readonly payloads: unknown[] = [];
  readonly socket: Socket;
  #hadSession = false;

  constructor(url: string, recovery: boolean) {
    this.socket = io(url.replace('ws:', 'http:'), {
      transports: ['websocket'],
      forceNew: true,
      reconnectionDelay: 50,
      reconnectionDelayMax: 50,
      randomizationFactor: 0,
    });
    this.socket.on('connect', () => {
      if (!this.socket.recovered) this.socket.emit('join', ROOM);
      const isLost = recovery && this.#hadSession;
      this.told.push(this.socket.recovered ? 'resumed' : isLost ? 'fresh: session-expired' : 'fresh');
      this.#hadSession = true;
    });
    this.socket.on('disconnect', () => this.told.push('closed'));
    this.socket.onAny((_event: string, ...args: unknown[]) => {
      const shown = args.filter((arg) => typeof arg !== 'function');
      this.payloads.push(shown.length === 1 ? shown[0] : shown);
    });
  }
}

function shown(payload: unknown): string {
  return JSON.stringify(payload, (_key, value) => {
    if (value instanceof Uint8Array) return [...value];
    return value?.type === 'Buffer' ? value.data : value;
  });
}

/** Both clients on one server, which does to both whatever it does. */
async function sideBySide(seed: number, recovery: boolean): Promise<void> {
  const random = randomStreams(seed)('steps');
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T;
  let server = await ChatServer.start({ recovery });
  const { port, url } = server;
  const official = new Official(url, recovery);
  const ours = new LoneClient(
    url,
    { recovery, subscribe: { send: ['join', '{{ room }}'] } },
    { rooms: [ROOM] },
  );
  let n = 0;
  const publish = (): void => {
    n += 1;
    const to = server.io.to(ROOM);
    const kind = pick(KINDS);
    if (kind === 'binary') to.emit(EVENT, { n, bytes: Buffer.from([n, 255]) });
    else if (kind === 'volatile') to.volatile.emit(EVENT, n, 'good night');
    else if (kind === 'acked') to.timeout(1000).emit(EVENT, { n, acked: true }, () => {});
    else if (kind === 'text') to.emit(EVENT, n, 'good morning');
    else to.emit(EVENT, { n });
  };
  const publishSome = async (): Promise<void> => {
    for (let left = Math.floor(random.next() * 4); left > 0; left -= 1) publish();
    await sleep(30);
  };
  const bothAreIn = (): boolean => {
    const size = server.io.sockets.adapter.rooms.get(ROOM)?.size;
    return size === 2 && ours.ready && official.socket.connected;
  };
  try {
    await until(bothAreIn);
    await publishSome();
    for (let step = 0; step < 6; step += 1) {
      const how = pick(CUTS);
      if (how === 'restart') {
        await server.kill();
        server = await ChatServer.start({ recovery, port });
      } else server.cut(how);
      await until(() => !official.socket.connected && !ours.ready);
      // While both are away: missed, or recovered.
      await publishSome();
      await until(bothAreIn);
      await publishSome();
    }
    server.io.disconnectSockets();
    await until(() => !official.socket.connected && !ours.ready);
    await publishSome();
    await sleep(200);
    expect(official.socket.connected || ours.ready).toBe(false);
    expect(ours.payloads.map(shown)).toEqual(official.payloads.map(shown));
    expect(ours.told.filter((line) => !line.startsWith('refused'))).toEqual(official.told);
    expect(official.told.filter((line) => line === 'closed').length).toBe(7);
  } finally {
    official.socket.disconnect();
    await ours.stop();
    await server.kill();
  }
}

describe('beside the official client on the same server, with the same cuts, the driver sees and tells the same', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('with connection state recovery, seed %i', (seed) =>
    sideBySide(seed, true),
  );
  it.each([1, 2, 3])('without it, seed %i', (seed) => sideBySide(seed, false));
});
