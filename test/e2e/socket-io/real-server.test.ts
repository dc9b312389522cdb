import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PublishOutcome } from '../../../src/drivers/driver.ts';
import type { SocketIoOptions } from '../../../src/drivers/socket-io/options.ts';
import { LoneClient } from './lone-client.ts';
import { ChatServer, EVENT, type ServerOptions } from './server.ts';
import { until } from './until.ts';

const SAY = [EVENT, '{{ room }}', '{{ payload }}'];

describe('the driver against a server of socket.io', () => {
  let server: ChatServer;
  const clients: LoneClient[] = [];

  async function restart(options: Partial<ServerOptions>): Promise<void> {
    await server.kill();
    server = await ChatServer.start({ recovery: false, ...options });
  }

  beforeEach(async () => {
    server = await ChatServer.start({ recovery: false });
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) await client.stop();
    await server.kill();
  });

  function connect(options: Partial<SocketIoOptions>, rooms: readonly string[] = ['r1']): LoneClient {
    const client = new LoneClient(server.url, options, { rooms });
    clients.push(client);
    return client;
  }

  async function publish(client: LoneClient, seq = 1): Promise<PublishOutcome> {
    const outcomes: PublishOutcome[] = [];
    client.publish({ seq, settle: (outcome) => outcomes.push(outcome) });
    await until(() => outcomes.length > 0);
    return outcomes[0] as PublishOutcome;
  }

  it('is let into a namespace with the right token, and told why not with another', async () => {
    server.io.of('/chat').use((socket, next) => {
      next(socket.handshake.auth.token === 'abc' ? undefined : new Error('Not authorized'));
    });
    const inside = connect({ namespace: '/chat', auth: { token: '{{ user.token }}' } });
    const outside = connect({ namespace: '/chat', auth: { token: 'x{{ user.token }}' } });
    const nowhere = connect({ namespace: '/none' });
    await until(() => inside.ready && outside.told.length === 2 && nowhere.told.length === 2);
    expect(inside.told).toEqual(['fresh']);
    expect(outside.told).toEqual(['refused: Not authorized', 'closed']);
    expect(nowhere.told).toEqual(['refused: Invalid namespace', 'closed']);
    server.io.of('/chat').emit(EVENT, 'in here');
    server.io.emit(EVENT, 'out there');
    await until(() => inside.payloads.length > 0);
    expect(inside.payloads).toEqual(['in here']);
  });

  it('is refused a room whose confirmation is not as wanted', async () => {
    const subscribe = { send: ['join', '{{ room }}'], confirm: [{ ok: true }] };
    const [one, other] = [connect({ subscribe }), connect({ subscribe }, ['r1', 'secret'])];
    await until(() => one.ready && other.told.length > 0);
    expect(other.told).toEqual(['refused: it answers the request for the room secret with [{"ok":false}]']);
    expect(other.ready).toBe(false);
  });

  it('sends bytes and receives them', async () => {
    const subscribe = { send: ['join', '{{ room }}'], confirm: [] };
    const client = connect({ subscribe, publish: { send: SAY, binary: true, confirm: [{ ok: true }] } });
    await until(() => client.ready);
    expect(await publish(client)).toEqual({ kind: 'accepted' });
    expect(server.taken).toEqual(['{"stamp":"run.1.1","body":"b"}']);
    await until(() => client.payloads.length > 0);
    expect(new TextDecoder().decode(client.payloads[0] as Uint8Array)).toBe(server.taken[0]);
  });

  it('answers events that ask for an ack, and knows rejected publishes from accepted ones', async () => {
    server.io.on('connection', (socket) => {
      socket.on('judge', (payload: { stamp: string }, done) => done({ ok: payload.stamp.endsWith('.1') }));
    });
    const publishing = { send: ['judge', '{{ payload }}'], confirm: [{ ok: true }] };
    const client = connect({ ack: true, publish: publishing });
    await until(() => client.ready);
    const answers: unknown[] = [];
    server.io.timeout(5000).emit(EVENT, 1, (error: unknown, given: unknown[]) => answers.push(error, given));
    await until(() => answers.length > 0);
    expect(answers).toEqual([null, [undefined]]);
    expect(await publish(client, 1)).toEqual({ kind: 'accepted' });
    expect(await publish(client, 2)).toEqual({ kind: 'rejected', reason: 'it answers [{"ok":false}]' });
  });

  it('sends again what is not answered, one after the other', async () => {
    let calls = 0;
    server.io.on('connection', (socket) => {
      socket.on('slow', (_payload, done) => {
        calls += 1;
        if (calls === 3) done();
      });
    });
    const client = connect({ publish: { send: ['slow', '{{ payload }}'] }, retries: 5, ackTimeout: 100 });
    await until(() => client.ready);
    expect(await publish(client)).toEqual({ kind: 'accepted' });
    expect(calls).toBe(3);
  });

  it('is alive for a server while it answers its pings, and no longer', async () => {
    await restart({ pingInterval: 100, pingTimeout: 100 });
    const [one, other] = [connect({}), connect({})];
    await until(() => one.ready && other.ready);
    other.client.connector.setAnswersPings(false);
    await until(() => other.told.includes('closed'));
    expect(other.told).toEqual(['fresh', 'closed']);
    expect(one.told).toEqual(['fresh']);
  });

  it('takes a server for dead that stands still', async () => {
    await restart({ pingInterval: 100, pingTimeout: 100 });
    const client = connect({});
    await until(() => client.ready);
    for (const { conn } of server.io.sockets.sockets.values()) {
      const { transport } = conn as unknown as { readonly transport: { send(packets: unknown): void } };
      transport.send = () => {};
    }
    await until(() => client.told.includes('closed'));
  });
});
