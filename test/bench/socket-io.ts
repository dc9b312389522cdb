import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import type { ClientObserver } from '../../src/drivers/driver.ts';
import { socketIo } from '../../src/drivers/socket-io/driver.ts';
import { plainValues } from '../../src/drivers/values.ts';
import { randomStreams } from '../../src/world/random.ts';
import { MachineClock } from '../../src/world/real/clock.ts';
import { createDialer } from '../../src/world/real/dial.ts';
import { createHttp } from '../../src/world/real/http.ts';
import { TimerWheel } from '../../src/world/real/timer-wheel.ts';

/**
 * A server of socket.io in one process, and in another either clients of the driver or official clients, which join a
 * room and count what they are sent.
 */

export interface ClientCost {
  readonly bytesPerIdleClient: number;
  readonly cpuUsPerMessage: number;
}

type Kind = 'driver' | 'official';

const ROLE = 'SOCKET_IO_ROLE';
const CLIENTS = 1000;
const BROADCASTS_PER_SEC = 30;
const SECONDS = 5;
const CONNECTS_PER_TURN = 20;
const PAYLOAD = { stamp: 'r0.1.1.1.200.00000000', body: 'x'.repeat(200) };

export async function socketIoClients(kind: Kind): Promise<ClientCost> {
  const server = child('server');
  const [port] = (await once(server, 'message')) as [number];
  const clients = child(kind, String(port));
  const [bytesPerIdleClient] = (await once(clients, 'message')) as [number];
  server.send('go');
  const [cpuUsPerMessage] = (await once(clients, 'message')) as [number];
  for (const process of [server, clients]) process.kill();
  return { bytesPerIdleClient, cpuUsPerMessage };
}

function child(role: Kind | 'server', ...args: string[]): ChildProcess {
  const env = { ...process.env, [ROLE]: role };
  return fork(fileURLToPath(import.meta.url), args, { env, execArgv: ['--expose-gc'] });
}

function serve(): void {
  const http = createServer();
  const server = new Server(http, { serveClient: false, perMessageDeflate: false });
  server.on('connection', (socket) => {
    socket.on('join', (room: string) => void socket.join(room));
  });
  http.listen(0, '127.0.0.1', () => process.send?.((http.address() as AddressInfo).port));
  process.once('message', () => {
    setInterval(() => server.to('room').emit('said', PAYLOAD), 1000 / BROADCASTS_PER_SEC);
  });
}

/** Connects one client, and calls back for each message. */
type Connect = (port: number, onMessage: () => void) => { readonly connected: boolean };

async function play(port: number, connect: Connect): Promise<void> {
  let received = 0;
  const count = (): void => {
    received += 1;
  };
  const all: { readonly connected: boolean }[] = [];
  const connectUpTo = async (clients: number): Promise<void> => {
    while (all.length < clients) {
      for (let turn = 0; turn < CONNECTS_PER_TURN && all.length < clients; turn += 1)
        all.push(connect(port, count));
      await until(() => all.every(({ connected }) => connected));
    }
    await sleep(1000);
  };
  // What the first one loads and compiles is no cost of the others.
  await connectUpTo(1);
  const before = keptBytes();
  await connectUpTo(CLIENTS);
  process.send?.((keptBytes() - before) / CLIENTS);
  // Warm-up of the compiler.
  await until(() => received > 10 * CLIENTS);
  const [from, cpu] = [received, process.cpuUsage()];
  await sleep(SECONDS * 1000);
  const { user, system } = process.cpuUsage(cpu);
  process.send?.((user + system) / (received - from));
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(5);
}

/** What is reachable: resident memory depends on what was thrown away before, and differs by half from run to run. */
function keptBytes(): number {
  for (let round = 0; round < 3; round += 1) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const officially: Connect = (port, onMessage) => {
  const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true });
  socket.on('connect', () => socket.emit('join', 'room'));
  socket.on('said', onMessage);
  return socket;
};

function withDriver(): Connect {
  const driver = socketIo({ subscribe: { send: ['join', '{{ room }}'] }, events: ['said'] });
  const newClient = driver.newClients();
  const clock = new MachineClock();
  const random = randomStreams(1)('clients');
  const world = { clock, timers: new TimerWheel(clock), http: createHttp(), epochMs: Date.now };
  const behaviour = {
    rooms: ['room'],
    ack: { mode: 'each' },
    dedupWindow: 64,
    reconnect: { minMs: 1000, maxMs: 5000, jitter: 'full' },
    handlerMs: 0,
    handlerFailureRatio: 0,
    nack: false,
    batch: false,
  } as const;
  let dial: ReturnType<typeof createDialer> | undefined;
  return (port, onMessage) => {
    const url = driver.addressOf?.(`ws://127.0.0.1:${port}`) ?? '';
    dial ??= createDialer({ url, subprotocols: [] });
    const ports = { ...world, dial, reconnectRandom: random, handlerRandom: random, contentRandom: random };
    const values = plainValues(0, 'c0');
    const client = newClient({ clientId: 'c0', values, behaviour, ports, observer: observer(onMessage) });
    client.connector.connect();
    return {
      get connected() {
        return client.connector.ready;
      },
    };
  };
}

const DELIVERY = {};

function observer(onMessage: () => void): ClientObserver<object> {
  const nothing = (): void => {};
  return {
    connecting: nothing,
    open: nothing,
    subscribed: nothing,
    resumed: nothing,
    refused: nothing,
    message: () => DELIVERY,
    deduplicated: nothing,
    handled: onMessage,
    failed: nothing,
    acked: nothing,
    gap: nothing,
    replayed: nothing,
    goodbye: nothing,
    closed: nothing,
    olderClosed: nothing,
  };
}

const role = process.env[ROLE];
if (role === 'server') serve();
else if (role !== undefined)
  await play(Number(process.argv[2]), role === 'driver' ? withDriver() : officially);
