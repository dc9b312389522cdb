import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import {
  BroadcasterError,
  type BroadcasterOptions,
  createBroadcaster,
  type Verdict,
} from '../../src/library.ts';
import { serveUsers } from './production.ts';
import { SimpleClient } from './simple-client.ts';

const cleanUp: (() => void)[] = [];

afterEach(() => {
  for (const undo of cleanUp.splice(0)) undo();
});

async function served(options: BroadcasterOptions) {
  const broadcaster = createBroadcaster(options);
  const server = createServer();
  broadcaster.attach(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp.push(() => {
    broadcaster.stop();
    server.close();
    server.closeAllConnections();
  });
  const events: string[] = [];
  broadcaster.on('refused', ({ what, reason }) => events.push(`${what}: ${reason}`));
  broadcaster.on('hookError', ({ hook, error }) => events.push(`${hook}: ${error}`));
  return { broadcaster, events, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** What becomes of a connection: `open`, an HTTP status, or the code and reason of its close. */
function outcomeOf(url: string, headers: Record<string, string> = {}, clientId?: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, 'wsdeliver.v1', { headers });
    socket.on('unexpected-response', (_request, response) => {
      resolve(String(response.statusCode));
      socket.terminate();
    });
    socket.on('error', () => {});
    socket.on('close', (code, reason) => resolve(`${code} ${reason}`));
    socket.on('message', () => resolve('welcome'));
    socket.on('open', () => {
      if (clientId === undefined) resolve('open');
      else socket.send(JSON.stringify({ kind: 'hello', clientId }));
    });
    cleanUp.push(() => socket.terminate());
  });
}

describe('origins', () => {
  it('are by default those of the host that a page connects to, or none at all', async () => {
    const { url, events } = await served({});
    const same = url.replace('ws:', 'http:');
    expect(await outcomeOf(url)).toBe('open');
    expect(await outcomeOf(url, { origin: same })).toBe('open');
    expect(await outcomeOf(url, { origin: 'https://evil.example' })).toBe('403');
    expect(events).toEqual(['connection: This origin may not connect.']);
  });

  it('of the same host are known by their name and port, however these are written', async () => {
    const { url } = await served({});
    const { port } = new URL(url);
    const from = (origin: string, host: string) => outcomeOf(url, { origin, host });
    expect(await from('http://example.org', 'Example.ORG:80')).toBe('open');
    expect(await from('https://example.org', 'example.org')).toBe('open');
    expect(await from(`http://localhost:${port}`, `LocalHost:${port}`)).toBe('open');
    for (const origin of ['ftp://example.org', 'http://user@example.org', 'http://example.org/x', 'null', ''])
      expect([origin, await from(origin, 'example.org')]).toEqual([origin, '403']);
    expect(await from('http://example.org', 'example.org:81')).toBe('403');
  });

  it('may be listed, or decided by a function whose exceptions refuse', async () => {
    const listed = await served({ origins: ['https://example.org'] });
    expect(await outcomeOf(listed.url, { origin: 'https://example.org' })).toBe('open');
    expect(await outcomeOf(listed.url, { origin: 'https://example.org.evil.example' })).toBe('403');
    const broken = await served({
      origins: () => {
        throw new Error('broken');
      },
    });
    expect(await outcomeOf(broken.url, { origin: 'https://example.org' })).toBe('403');
    expect(broken.events[0]).toBe('origins: Error: broken');
  });
});

describe('a hook that has to answer at once', () => {
  it('refuses with a promise, whatever becomes of it, and is told', async () => {
    const late = (async () => {
      throw new Error('rejected');
    }) as unknown as () => boolean;
    const { url, events, broadcaster } = await served({
      canJoin: late,
      canPublish: late,
      origins: late,
    });
    expect(await outcomeOf(url, { origin: 'https://example.org' })).toBe('403');
    const client = await SimpleClient.connect(url, { clientId: 'a', rooms: ['r'] });
    client.say({ seq: 1, type: 'publish', payload: { room: 'r', type: 't', payload: 1 } });
    await client.until(({ kind }) => kind === 'nack');
    expect(broadcaster.roomSize('r')).toBe(0);
    const promised = 'TypeError: it answered with a promise, and has to answer at once with true or false';
    for (const hook of ['origins', 'canJoin', 'canPublish']) expect(events).toContain(`${hook}: ${promised}`);
  });

  it('is told of an answer that is neither yes nor no', async () => {
    const { url, events } = await served({ canJoin: (() => 'yes') as unknown as () => boolean });
    await SimpleClient.connect(url, { clientId: 'a', rooms: ['r'] });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(events[0]).toBe('canJoin: TypeError: it answered with string, not with true or false');
  });
});

describe('authorize', () => {
  const byHeader = async ({ headers }: IncomingMessage): Promise<Verdict> => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const name = headers.authorization;
    return name === undefined
      ? { allowed: false, reason: 'who are you?' }
      : { allowed: true, clientId: name };
  };

  it('binds the client id to the request, later than the hello', async () => {
    const { broadcaster, url } = await served({ authorize: byHeader });
    const opened: string[] = [];
    broadcaster.on('sessionOpened', ({ clientId }) => opened.push(clientId));
    expect(await outcomeOf(url, { authorization: 'alice' }, 'mallory')).toBe('welcome');
    expect(await outcomeOf(url, {}, 'alice')).toBe('4403 who are you?');
    expect(opened).toEqual(['alice']);
  });

  it('that throws, rejects or answers nonsense refuses, is told, and ends nothing', async () => {
    const answers: (() => Verdict | Promise<Verdict>)[] = [
      () => {
        throw new Error('thrown');
      },
      () => Promise.reject(new Error('rejected')),
      () => undefined as unknown as Verdict,
      () => ({ allowed: true, clientId: '' }),
    ];
    const { url, events } = await served({ authorize: () => (answers.shift() ?? answers[0])?.() as Verdict });
    for (let count = 0; count < 4; count += 1)
      expect(await outcomeOf(url, {}, 'a')).toBe('4403 the authorization failed');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(events.filter((event) => event.startsWith('authorize'))).toHaveLength(4);
  });

  it('needs the request of a socket that somebody else has accepted', async () => {
    const broadcaster = createBroadcaster({ authorize: byHeader });
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    cleanUp.push(
      () => server.close(),
      () => broadcaster.stop(),
    );
    const codes: string[] = [];
    server.on('connection', (ws, request) => {
      try {
        broadcaster.accept(ws);
      } catch (error) {
        if (error instanceof BroadcasterError) codes.push(error.code);
        broadcaster.accept(ws, request);
      }
    });
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await outcomeOf(`ws://127.0.0.1:${port}`, { authorization: 'bob' }, 'x')).toBe('welcome');
    expect(codes).toEqual(['request-missing']);
  });
});

describe('limits at the upgrade', () => {
  it('refuse a connection too many with 503', async () => {
    const { url } = await served({ connectionsMax: 1 });
    expect(await outcomeOf(url, {}, 'a')).toBe('welcome');
    expect(await outcomeOf(url, {}, 'b')).toBe('503');
  });

  it('refuse connections that come too fast with 429', async () => {
    const { url } = await served({ connectionsPerSecPerAddressMax: 2 });
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => outcomeOf(url)));
    expect(outcomes.filter((outcome) => outcome === '429').length).toBeGreaterThan(0);
  });

  it.each([{ origins: ['example.org'] }, { origins: 'none' }, { authorize: 'yes' }, { sessionsMax: 0 }])(
    'are checked: %o',
    (options) => {
      expect(() => createBroadcaster(options as unknown as BroadcasterOptions)).toThrow(BroadcasterError);
    },
  );
});

it('the example of docs/production.md lets in who has a ticket, and into its rooms only', async () => {
  const users = new Map([['t1', { name: 'alice', rooms: ['news'] }]]);
  const { server, broadcaster } = await serveUsers(users, 0);
  cleanUp.push(() => {
    process.removeAllListeners('SIGTERM');
    broadcaster.stop();
    server.close();
    server.closeAllConnections();
  });
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/live`;
  const client = await SimpleClient.connect(`${url}?ticket=t1`, {
    clientId: 'any',
    rooms: ['news', 'secret'],
  });
  expect([broadcaster.roomSize('news'), broadcaster.roomSize('secret')]).toEqual([1, 0]);
  client.say({ seq: 1, type: 'publish', payload: { room: 'news', type: 'x' } });
  expect(await client.until(({ kind }) => kind === 'nack')).toMatchObject({ reason: 'it is not allowed' });
  expect(await outcomeOf(`${url}?ticket=t2`, {}, 'alice')).toBe('4403 no such ticket');
});
