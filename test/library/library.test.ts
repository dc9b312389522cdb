import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import {
  BroadcasterError,
  type BroadcasterOptions,
  createBroadcaster,
  type DeadLetterNotice,
  type DeliveringBroadcaster,
  ERROR_CODES,
  type ErrorCode,
} from '../../src/library.ts';
import { serveTicks } from './example.ts';
import { SimpleClient } from './simple-client.ts';

const cleanUp: (() => void)[] = [];

afterEach(() => {
  for (const undo of cleanUp.splice(0)) undo();
});

function listening(server: Server): Promise<string> {
  cleanUp.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

async function served(
  options: BroadcasterOptions = {},
): Promise<{ broadcaster: DeliveringBroadcaster; url: string }> {
  const broadcaster = createBroadcaster(options);
  cleanUp.push(() => broadcaster.stop());
  const server = createServer();
  broadcaster.attach(server);
  return { broadcaster, url: await listening(server) };
}

function codeOf(act: () => unknown): ErrorCode | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof BroadcasterError) return error.code;
    throw error;
  }
  return undefined;
}

/** Lets events out, which come after the work that caused them. */
function turn(ms = 20): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The code of the error that a WebSocket meets which is accepted again. */
async function twiceAccepted(): Promise<ErrorCode | undefined> {
  const broadcaster = createBroadcaster();
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  cleanUp.push(
    () => broadcaster.stop(),
    () => server.close(),
  );
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  client.on('error', () => {});
  cleanUp.push(() => client.terminate());
  const [ws] = (await once(server, 'connection')) as [WebSocket];
  broadcaster.accept(ws);
  return codeOf(() => broadcaster.accept(ws));
}

describe('the library', () => {
  it('delivers to a room on the HTTP server it is attached to', async () => {
    const { broadcaster, url } = await served();
    const client = await SimpleClient.connect(url, { clientId: 'a', rooms: ['r1'] });
    const other = await SimpleClient.connect(url, { clientId: 'b' });
    expect(broadcaster.roomSize('r1')).toBe(1);
    expect(await broadcaster.publish('r1', 'tick', { n: 1 })).toEqual({
      accepted: true,
      recipients: 1,
      overflowed: 0,
    });
    expect(await client.until(({ type }) => type === 'tick')).toEqual({
      seq: 1,
      type: 'tick',
      payload: { n: 1 },
    });
    await turn();
    expect(other.frames.map(({ kind }) => kind)).toEqual(['welcome']);
    expect(broadcaster.statistics()).toMatchObject({
      broadcasts: 1,
      sent: 1,
      acked: 1,
      connections: 2,
      sessions: 2,
    });
  });

  it('delivers over a WebSocket that a server of ws has accepted', async () => {
    const broadcaster = createBroadcaster();
    cleanUp.push(() => broadcaster.stop());
    const http = createServer();
    new WebSocketServer({ server: http }).on('connection', (ws) => broadcaster.accept(ws));
    const client = await SimpleClient.connect(await listening(http), { clientId: 'a' });
    await broadcaster.publish('*', 'tick', 'hello');
    expect((await client.until(({ type }) => type === 'tick')).payload).toBe('hello');
  });

  it('answers a single upgrade for a server with routes of its own', async () => {
    const broadcaster = createBroadcaster();
    cleanUp.push(() => broadcaster.stop());
    const server = createServer();
    server.on('upgrade', (request, socket, head) => broadcaster.handleUpgrade(request, socket, head));
    const client = await SimpleClient.connect(await listening(server), { clientId: 'a' });
    expect(client.frames[0]).toMatchObject({ kind: 'welcome', delivery: 'at-least-once' });
  });

  it('takes upgrades to its path only', async () => {
    const broadcaster = createBroadcaster();
    cleanUp.push(() => broadcaster.stop());
    const server = createServer();
    const detach = broadcaster.attach(server, { path: '/live' });
    const url = await listening(server);
    await expect(SimpleClient.connect(`${url}/elsewhere`, { clientId: 'a' })).rejects.toThrow('404');
    await SimpleClient.connect(`${url}/live?token=1`, { clientId: 'a' });
    detach();
    expect(server.listenerCount('upgrade')).toBe(0);
  });

  it('shares a server with other broadcasters, each with paths of its own', async () => {
    const [live, rest, other] = [createBroadcaster(), createBroadcaster(), createBroadcaster()];
    for (const broadcaster of [live, rest, other]) cleanUp.push(() => broadcaster.stop());
    const server = createServer();
    const detach = live.attach(server, { path: '/live' });
    other.attach(server, { path: '/other' });
    const url = await listening(server);
    await expect(SimpleClient.connect(`${url}/none`, { clientId: 'a' })).rejects.toThrow('404');
    rest.attach(server);
    await SimpleClient.connect(`${url}/live`, { clientId: 'a' });
    await SimpleClient.connect(`${url}/none`, { clientId: 'a' });
    expect([live, rest, other].map((one) => one.statistics().connections)).toEqual([1, 1, 0]);
    expect(() => other.attach(server, { path: '/live' })).toThrow(
      expect.objectContaining({ code: 'already-attached' }),
    );
    expect(() => live.attach(server)).toThrow(expect.objectContaining({ code: 'already-attached' }));
    detach();
    other.attach(server, { path: '/live' });
    await SimpleClient.connect(`${url}/live`, { clientId: 'b' });
    expect(other.statistics().connections).toBe(1);
  });

  it('keeps what is published while a client is away, and tells of the loss of the connection', async () => {
    const { broadcaster, url } = await served();
    const causes: string[] = [];
    broadcaster.on('disconnected', ({ clientId, cause }) => causes.push(`${clientId} ${cause}`));
    const before = await SimpleClient.connect(url, { clientId: 'a' });
    const { session, token, epoch } = before.frames[0] ?? {};
    await before.drop();
    await broadcaster.publish('*', 'tick', 1);
    const after = await SimpleClient.connect(url, { clientId: 'a', session, token, epoch, lastSeq: 0 });
    expect(after.frames[0]).toMatchObject({ resumed: true });
    expect((await after.until(({ type }) => type === 'tick')).seq).toBe(1);
    expect(causes).toEqual(['a peer']);
  });

  it('hands over what clients send once, and tells them what was refused', async () => {
    const taken: unknown[] = [];
    const { broadcaster, url } = await served({
      onMessage: async ({ clientId, type, payload }) => {
        await turn(5);
        if (type === 'bomb') throw new Error('boom');
        taken.push([clientId, type, payload]);
        return type === 'note' ? undefined : 'only notes are taken';
      },
    });
    const failures: unknown[] = [];
    broadcaster.on('handlerError', ({ error }) => failures.push(error));
    const client = await SimpleClient.connect(url, { clientId: 'a' });
    client.say({ seq: 1, type: 'note', payload: 'x' });
    // Sent again before it is answered, and once more after.
    client.say({ seq: 1, type: 'note', payload: 'x' });
    client.say({ seq: 2, type: 'song', payload: 'y' });
    client.say({ seq: 3, type: 'bomb', payload: 'z' });
    expect(await client.until(({ kind, seq }) => kind === 'ack' && seq === 1)).toBeDefined();
    expect(await client.until(({ seq }) => seq === 2)).toEqual({
      kind: 'nack',
      seq: 2,
      reason: 'only notes are taken',
    });
    expect(await client.until(({ seq }) => seq === 3)).toEqual({
      kind: 'nack',
      seq: 3,
      reason: 'the handler failed',
    });
    client.say({ seq: 1, type: 'note', payload: 'x' });
    await turn(50);
    expect(taken).toEqual([
      ['a', 'note', 'x'],
      ['a', 'song', 'y'],
    ]);
    expect(failures).toEqual([new Error('boom')]);
    expect(broadcaster.statistics().dedupRejected).toBe(2);
  });

  it('tells of sessions and of dead letters, with what was in them', async () => {
    const { broadcaster, url } = await served();
    const events: string[] = [];
    const letters: DeadLetterNotice[] = [];
    broadcaster.on('sessionOpened', ({ clientId }) => events.push(`opened ${clientId}`));
    broadcaster.on('sessionEnded', ({ clientId, reason }) => events.push(`ended ${clientId} ${reason}`));
    broadcaster.on('deadLetter', (letter) => letters.push(letter));
    const client = await SimpleClient.connect(url, { clientId: 'a', rooms: ['r1'] }, ({ seq }) =>
      JSON.stringify({ kind: 'nack', seq, retry: false }),
    );
    await broadcaster.publish('r1', 'job', { id: 7 });
    await client.until(({ kind }) => kind === 'gap');
    await turn();
    const expected = {
      clientId: 'a',
      seq: 1,
      room: 'r1',
      type: 'job',
      payload: { id: 7 },
      reason: 'nack',
      attempts: 1,
    };
    expect(letters).toEqual([expect.objectContaining(expected)]);
    expect(broadcaster.deadLetters()).toEqual([expect.objectContaining(expected)]);
    broadcaster.stop();
    await turn();
    expect(events).toEqual(['opened a', 'ended a restart']);
  });

  it('makes a publish wait for room with the policy pause', async () => {
    const { broadcaster, url } = await served({ overflow: 'pause', maxPending: 2 });
    let held: (() => void) | undefined;
    const client = await SimpleClient.connect(url, { clientId: 'a' }, ({ seq }) => {
      if (seq === 1) held = () => client.say({ kind: 'ack', seq: 1 });
      return seq === 1 ? undefined : `{"kind":"ack","seq":${seq}}`;
    });
    await broadcaster.publish('*', 'tick', 1);
    let waiting = 0;
    const rest = [2, 3, 4, 5].map((n) => {
      waiting += 1;
      return broadcaster.publish('*', 'tick', n).finally(() => {
        waiting -= 1;
      });
    });
    await client.until(({ seq }) => seq === 1);
    await Promise.all(rest.slice(0, 1));
    held?.();
    expect(await Promise.all(rest)).toEqual(
      rest.map(() => ({ accepted: true, recipients: 1, overflowed: 0 })),
    );
    expect(waiting).toBe(0);
    expect(broadcaster.statistics().pausedPublishes).toBeGreaterThan(0);
    expect(broadcaster.statistics().overflowed).toBe(0);
  });

  it('says in the outcome what was given up, and what it refused on its way out', async () => {
    const { broadcaster, url } = await served({ overflow: 'reject', maxPending: 1 });
    await SimpleClient.connect(url, { clientId: 'a' }, () => undefined);
    await broadcaster.publish('*', 'tick', 1);
    expect(await broadcaster.publish('*', 'tick', 2)).toEqual({
      accepted: true,
      recipients: 1,
      overflowed: 1,
    });
    const slow = await served({ overflow: 'pause', maxPending: 1 });
    await SimpleClient.connect(slow.url, { clientId: 'a' }, () => undefined);
    await slow.broadcaster.publish('*', 'tick', 1);
    const waiting = slow.broadcaster.publish('*', 'tick', 2);
    slow.broadcaster.stop();
    expect(await waiting).toEqual({ accepted: false, reason: 'draining' });
  });

  it('drains: tells its clients to come back elsewhere, and stops', async () => {
    const { broadcaster, url } = await served();
    const client = await SimpleClient.connect(url, { clientId: 'a' });
    await broadcaster.drain({ spreadMs: 100, waitMs: 50 });
    expect(client.frames.at(-1)).toEqual({ kind: 'drain', spreadMs: 100 });
    expect(client.closeCode).toBe(4503);
    expect(codeOf(() => broadcaster.publish('*', 'tick', 1))).toBe('stopped');
    await broadcaster.drain();
  });

  it('shows its metrics as text', async () => {
    const { broadcaster, url } = await served();
    await SimpleClient.connect(url, { clientId: 'a' });
    await broadcaster.publish('*', 'tick', 1);
    const text = await broadcaster.metricsText();
    expect(text).toContain('ws_outbox_pending{client="a"} 1');
    expect(text).toContain('ws_delivery_failed_total{type="tick"} 0');
  });

  it('throws one kind of error, whose codes are listed', async () => {
    const { broadcaster, url } = await served();
    const closed = new WebSocket(url);
    closed.on('error', () => {});
    closed.terminate();
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    const server = createServer();
    const attached = createBroadcaster();
    cleanUp.push(() => attached.stop());
    attached.attach(server);
    const taken = await twiceAccepted();
    const wrong = { maxPending: 0 } as BroadcasterOptions;
    const found = [
      codeOf(() => createBroadcaster(wrong)),
      codeOf(() => broadcaster.publish('', 'tick', 1)),
      codeOf(() => broadcaster.publish('*', 'tick', loop)),
      codeOf(() => broadcaster.publish('*', 'tick', 'x'.repeat(2 ** 21))),
      codeOf(() => broadcaster.accept(closed)),
      codeOf(() => createBroadcaster({ authorize: () => ({ allowed: true }) }).accept(closed)),
    ];
    found.push(
      taken,
      codeOf(() => broadcaster.attach(server)),
    );
    broadcaster.stop();
    found.push(codeOf(() => broadcaster.attach(createServer())));
    expect(found.sort()).toEqual([...ERROR_CODES].sort());
    expect(codeOf(() => createBroadcaster({ delivery: 'twice' } as unknown as BroadcasterOptions))).toBe(
      'invalid-option',
    );
    expect(codeOf(() => createBroadcaster({ maxPendng: 5 } as unknown as BroadcasterOptions))).toBe(
      'invalid-option',
    );
  });

  it('refuses names and payloads that no client could be sent', async () => {
    const { broadcaster } = await served();
    const publish = (room: unknown, payload: unknown) => () =>
      broadcaster.publish(room as string, 'tick', payload);
    const nested = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
    expect(codeOf(publish('x'.repeat(1_000_000), 1))).toBe('invalid-name');
    expect(codeOf(publish(Symbol('room'), 1))).toBe('invalid-name');
    expect(codeOf(publish('*', nested(127)))).toBe('invalid-payload');
    expect(codeOf(publish('*', nested(500_000)))).toBe('invalid-payload');
    await expect(publish('*', nested(126))()).resolves.toMatchObject({ accepted: true });
  });

  it.each([[null], ['text'], [7], [[]]])('says in a sentence that %j are no options', (options) => {
    expect(() => createBroadcaster(options as unknown as BroadcasterOptions)).toThrow(
      /^Cannot use (null|a string|a number|a list) as options: an object is wanted$/,
    );
  });

  it('runs the example', async () => {
    const { server, broadcaster } = await serveTicks(0);
    cleanUp.push(() => {
      broadcaster.stop();
      server.close();
      server.closeAllConnections();
    });
    const { port } = server.address() as AddressInfo;
    const client = await SimpleClient.connect(`ws://127.0.0.1:${port}/live`, {
      clientId: 'me',
      rooms: ['ticks'],
    });
    expect((await client.until(({ type }) => type === 'arrived')).payload).toEqual({ clientId: 'me' });
    await client.until(({ type }) => type === 'tick');
    client.say({ seq: 1, type: 'note', payload: 'hi' });
    await client.until(({ kind, seq }) => kind === 'ack' && seq === 1);
  });

  it('is what the package exports', () => {
    const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      readonly exports: { readonly '.': { readonly default: string; readonly types: string } };
    };
    expect(manifest.exports['.']).toEqual({
      default: './dist/src/library.js',
      types: './dist/src/library.d.ts',
    });
  });
});
