import { randomUUID } from 'node:crypto';
import { createClient } from '@redis/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { StoreFailure } from '../../src/broadcaster/durable/store.ts';
import { RedisStore } from '../../src/stores/redis-store.ts';
import { OpenStore } from './open-store.ts';
import { RedisServer } from './redis-server.ts';
import { describeStoreContract } from './store-contract.ts';

let names = 0;
let nodes = 0;

function newStore(url: string, name: string): RedisStore {
  nodes += 1;
  const node = `node-${nodes}`;
  return new RedisStore({ url, name, node, newEpoch: randomUUID });
}

function newName(): string {
  names += 1;
  return `test-${names}`;
}

const servers: RedisServer[] = [];
const stores: OpenStore[] = [];

async function redis(...args: string[]): Promise<RedisServer> {
  const server = await RedisServer.start(...args);
  servers.push(server);
  return server;
}

async function open(url: string, name: string): Promise<OpenStore> {
  const store = new OpenStore(newStore(url, name));
  stores.push(store);
  await store.opened;
  return store;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}

afterEach(async () => {
  for (const store of stores.splice(0)) store.close();
  for (const server of servers.splice(0)) await server.remove();
});

describe('with one redis-server', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.remove());

  describeStoreContract('RedisStore', () => {
    const name = newName();
    return Promise.resolve({
      newStore: () => newStore(server.url, name),
      remove: () => Promise.resolve(),
    });
  });

  it('hands the records of all nodes to each node, in one order', async () => {
    const name = newName();
    const [first, second] = [await open(server.url, name), await open(server.url, name)];
    const numbers = Array.from({ length: 30 }, (_, index) => index);
    await Promise.all(
      numbers.flatMap((number) => [
        first.write({ records: [`a${number}`] }),
        second.write({ records: [`b${number}`] }),
      ]),
    );
    await until(() => first.records.length === 60 && second.records.length === 60);
    expect(first.records).toEqual(second.records);
    expect(first.records.map(([position]) => position)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    expect((await first.opened).epoch).toBe((await second.opened).epoch);
  });

  it('finds a record whose wake-up was lost', async () => {
    const name = newName();
    const [first, second] = [await open(server.url, name), await open(server.url, name)];
    const admin = createClient({ url: server.url });
    await admin.connect();
    await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']);
    await first.write({ records: ['unheard'] });
    await until(() => second.records.length === 1);
    expect(second.records).toEqual([[1, 'unheard']]);
    admin.destroy();
  });

  it('leaves out a snapshot of an older generation', async () => {
    const name = newName();
    const [older, newer] = [await open(server.url, name), await open(server.url, name)];
    await newer.write({ snapshots: [{ id: 's', text: 'of the new owner', generation: 2 }] });
    await older.write({ snapshots: [{ id: 's', text: 'of the old owner', generation: 1 }] });
    await older.write({ snapshots: [{ id: 's', generation: 1 }] });
    const third = await open(server.url, name);
    expect(Object.fromEntries(third.snapshots)).toEqual({ s: 'of the new owner' });
  });
});

describe('RedisStore', () => {
  it('writes a batch exactly once though Redis is killed under it', async () => {
    const server = await redis('--appendonly', 'yes', '--appendfsync', 'always');
    const store = await open(server.url, 'killed');
    const accepted: string[] = [];
    let stopped = false;
    const writing = (async () => {
      for (let number = 0; !stopped; number += 1) {
        if ((await store.write({ records: [`${number}`] })) === undefined) accepted.push(`${number}`);
        else await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    for (let round = 1; round <= 3; round += 1) {
      await until(() => accepted.length >= round * 50);
      await server.kill();
      await server.start();
    }
    await until(() => accepted.length >= 250);
    stopped = true;
    await writing;
    const again = await open(server.url, 'killed');
    expect(again.records.map(([, text]) => text)).toEqual(accepted);
    expect(store.records).toEqual(again.records);
    expect(store.events.filter((event) => event.startsWith('lost'))).toEqual([]);
  });

  it('waits for a Redis that is stopped, and refuses no batch that it may have written', async () => {
    const server = await redis();
    const store = await open(server.url, 'stopped');
    server.signal('SIGSTOP');
    const writing = store.write({ records: ['late'] });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(store.records).toEqual([]);
    server.signal('SIGCONT');
    expect(await writing).toBeUndefined();
    expect(store.records).toEqual([[1, 'late']]);
  });

  it('has written what it accepted and nothing that it refused, while Redis was away', async () => {
    const server = await redis('--appendonly', 'yes', '--appendfsync', 'always');
    const store = await open(server.url, 'away');
    await server.kill();
    const outcomes = new Map<string, StoreFailure | undefined>();
    const writes = Array.from({ length: 20 }, async (_, number) => {
      await new Promise((resolve) => setTimeout(resolve, number * 20));
      outcomes.set(`${number}`, await store.write({ records: [`${number}`] }));
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await server.start();
    await Promise.all(writes);
    while ((await store.write({ records: ['last'] })) !== undefined) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const accepted = [...outcomes].flatMap(([text, failure]) => (failure === undefined ? [text] : []));
    const refused = [...outcomes.values()].flatMap((failure) =>
      failure === undefined ? [] : [failure.code],
    );
    expect(store.records.map(([, text]) => text).toSorted()).toEqual([...accepted, 'last'].toSorted());
    expect(new Set(['unavailable', ...refused])).toEqual(new Set(['unavailable']));
  });

  it('tells all nodes of one new epoch when Redis comes back without its data', async () => {
    const server = await redis();
    const [first, second] = [await open(server.url, 'lost'), await open(server.url, 'lost')];
    await first.write({ records: ['a', 'b'], snapshots: [{ id: 's', text: 'one', generation: 1 }] });
    await until(() => second.records.length === 2);
    await server.kill();
    await server.start();
    await until(() =>
      [first, second].every(({ events }) => events.some((event) => event.startsWith('lost'))),
    );
    const lost = [first, second].map(({ events }) => events.find((event) => event.startsWith('lost')));
    expect(lost[0]).toBe(lost[1]);
    expect(lost[0]).not.toContain((await first.opened).epoch);
    expect(await first.write({ records: ['c'] })).toBeUndefined();
    await until(() => second.records.length === 3);
    expect(second.records.at(-1)).toEqual([1, 'c']);
  });

  it('says where there is no Redis, without the password', async () => {
    const store = new OpenStore(newStore('redis://me:hunter2@127.0.0.1:1', 'nowhere'));
    await expect(store.opened).rejects.toThrow(
      /^Cannot keep a store in Redis at redis:\/\/\*\*\*@127.0.0.1:1: .*ECONNREFUSED/,
    );
  });
});
