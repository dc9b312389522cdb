import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { PublishOutcome } from '../../../src/drivers/driver.ts';
import type { SocketIoOptions } from '../../../src/drivers/socket-io/options.ts';
import { LoneClient } from './lone-client.ts';
import { ChatServer, EVENT } from './server.ts';
import { until } from './until.ts';

const ROOM = 'r1';

/** Of socket.io and socket.io-client 4.8.4, in the simplest form; a newer version may have mended one. */
describe('defects of Socket.IO 4.8 that the driver shows', () => {
  let server: ChatServer;
  let client: LoneClient;

  afterEach(async () => {
    await client.stop();
    await server.kill();
  });

  async function connect(options: Partial<SocketIoOptions> = {}): Promise<void> {
    server = await ChatServer.start({ recovery: true });
    const subscribe = { send: ['join', '{{ room }}'], confirm: [{ ok: true }] };
    client = new LoneClient(server.url, { recovery: true, subscribe, ...options }, { rooms: [ROOM] });
    await until(() => client.ready);
  }

  async function say(...args: unknown[]): Promise<void> {
    const { length } = client.payloads;
    server.io.to(ROOM).emit(EVENT, ...args);
    await until(() => client.payloads.length > length);
  }

  /** Away, while this is sent. */
  async function missing(send: () => void): Promise<void> {
    const { length } = client.told;
    client.client.connector.drop();
    await until(() => server.io.sockets.sockets.size === 0);
    send();
    await until(() => client.told.length > length + 1);
    await sleep(50);
  }

  function numbers(): unknown[] {
    return client.payloads.map((payload) => (Array.isArray(payload) ? payload[0] : payload));
  }

  it('lets a second socket recover the session of a first that is open, which gets nothing any more', async () => {
    await connect();
    await say(1);
    await missing(() => {});
    expect(client.told).toEqual(['fresh', 'closed', 'resumed']);
    const [first] = server.io.sockets.sockets.values();
    expect(client.client.openSecondSocket?.()).toBe(true);
    await until(() => client.told.length > 3);
    expect(client.told.slice(3)).toEqual(['resumed']);
    await say(2);
    expect(numbers()).toEqual([1, 2]);
    // Nobody has closed the first, which has no place in the namespace any more.
    await sleep(100);
    expect(client.told).not.toContain('older closed');
    expect(first?.conn.readyState).toBe('open');
    const [only] = server.io.sockets.sockets.values();
    expect([server.io.sockets.sockets.size, only === first]).toEqual([1, false]);
  });

  it('recovers nothing for a client that has received nothing yet', async () => {
    await connect();
    await missing(() => server.io.to(ROOM).emit(EVENT, 1));
    expect(client.told).toEqual(['fresh', 'closed', 'fresh: session-expired']);
    expect(client.payloads).toEqual([]);
  });

  it('recovers nothing after a volatile event that ends with a text', async () => {
    await connect();
    await say(1);
    server.io.to(ROOM).volatile.emit(EVENT, 2, 'good night');
    await until(() => client.payloads.length === 2);
    await missing(() => server.io.to(ROOM).emit(EVENT, 3));
    expect(client.told.at(-1)).toBe('fresh: session-expired');
    expect(numbers()).toEqual([1, 2]);
  });

  it('recovers everything after the same event with an offset that is known for one', async () => {
    await connect({ offsetFrom: 'strict' });
    await say(1);
    server.io.to(ROOM).volatile.emit(EVENT, 2, 'good night');
    await until(() => client.payloads.length === 2);
    await missing(() => server.io.to(ROOM).emit(EVENT, 3));
    expect(client.told.at(-1)).toBe('resumed');
    expect(numbers()).toEqual([1, 2, 3]);
  });

  it('says that a session is recovered whose broadcast with an ack is missing', async () => {
    await connect();
    await say(1);
    await missing(() => {
      server.io
        .to(ROOM)
        .timeout(100)
        .emit(EVENT, 2, () => {});
      server.io.to(ROOM).emit(EVENT, 3);
    });
    expect(client.told.at(-1)).toBe('resumed');
    expect(numbers()).toEqual([1, 3]);
  });

  it('runs a handler four times that takes longer than the timeout of its ack, and calls that a failure', async () => {
    await connect({ publish: { send: ['slow', '{{ payload }}'] }, retries: 3, ackTimeout: 100 });
    let calls = 0;
    for (const socket of server.io.sockets.sockets.values()) {
      socket.on('slow', (_payload, done) => {
        calls += 1;
        setTimeout(done, 150);
      });
    }
    const outcomes: PublishOutcome[] = [];
    client.publish({ seq: 1, settle: (outcome) => outcomes.push(outcome) });
    await until(() => outcomes.length > 0);
    expect([calls, outcomes]).toEqual([4, [{ kind: 'unknown' }]]);
  });
});
