import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Aedes } from 'aedes';
import mqttJs from 'mqtt';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import { createWebSocketStream, WebSocket, WebSocketServer } from 'ws';
import type { ClientObserver, Driver, DriverPorts } from '../../src/drivers/driver.ts';
import { describedDriver } from '../../src/drivers/json/driver.ts';
import { mqtt } from '../../src/drivers/mqtt/driver.ts';
import { socketIo } from '../../src/drivers/socket-io/driver.ts';
import { plainValues } from '../../src/drivers/values.ts';
import { randomStreams } from '../../src/world/random.ts';
import { MachineClock } from '../../src/world/real/clock.ts';
import { createDialer } from '../../src/world/real/dial.ts';
import { createHttp } from '../../src/world/real/http.ts';
import { TimerWheel } from '../../src/world/real/timer-wheel.ts';

/**
 * A server of one protocol in one process, and in another either clients of its driver or clients that people use,
 * which join a room and count what they are sent.
 */

export interface ClientCost {
  readonly bytesPerIdleClient: number;
  readonly cpuUsPerMessage: number;
}

type Kind = 'driver' | 'official';

const ROLE = 'DRIVER_CLIENTS_ROLE';
const CLIENTS = 1000;
const BROADCASTS_PER_SEC = 20;
const SECONDS = 5;
const CONNECTS_PER_TURN = 20;
const PAYLOAD = { stamp: 'r0.1.1.1.200.00000000', body: 'x'.repeat(200) };

/** A protocol as this file measures it. */
interface Protocol {
  /** @returns broadcasts `PAYLOAD` */
  serve(http: HttpServer): Promise<() => void>;
  readonly driver: Driver;
  /** A client that people use. */
  readonly official: Connect;
}

export type ProtocolName = keyof typeof PROTOCOLS;

export async function driverClients(protocol: ProtocolName, kind: Kind): Promise<ClientCost> {
  const server = child(`${protocol} server`);
  const [port] = (await once(server, 'message')) as [number];
  const clients = child(`${protocol} ${kind}`, String(port));
  const [bytesPerIdleClient] = (await once(clients, 'message')) as [number];
  server.send('go');
  const [cpuUsPerMessage] = (await once(clients, 'message')) as [number];
  for (const process of [server, clients]) process.kill();
  return { bytesPerIdleClient, cpuUsPerMessage };
}

function child(role: string, ...args: string[]): ChildProcess {
  const env = { ...process.env, [ROLE]: role };
  return fork(fileURLToPath(import.meta.url), args, { env, execArgv: ['--expose-gc'] });
}

async function serve(protocol: Protocol): Promise<void> {
  const http = createServer();
  const broadcast = await protocol.serve(http);
  http.listen(0, '127.0.0.1', () => process.send?.((http.address() as AddressInfo).port));
  process.once('message', () => {
    setInterval(broadcast, 1000 / BROADCASTS_PER_SEC);
  });
}

/** Connects one client, and calls back for each message. @returns whether it is there */
type Connect = (port: number, onMessage: () => void) => () => boolean;

async function play(port: number, connect: Connect): Promise<void> {
  let received = 0;
  const count = (): void => {
    received += 1;
  };
  const all: (() => boolean)[] = [];
  const connectUpTo = async (clients: number): Promise<void> => {
    while (all.length < clients) {
      for (let turn = 0; turn < CONNECTS_PER_TURN && all.length < clients; turn += 1)
        all.push(connect(port, count));
      await until(() => all.every((isConnected) => isConnected()));
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

const SOCKET_IO: Protocol = {
  serve(http) {
    const server = new Server(http, { serveClient: false, perMessageDeflate: false });
    server.on('connection', (socket) => {
      socket.on('join', (room: string) => void socket.join(room));
    });
    return Promise.resolve(() => server.to('room').emit('said', PAYLOAD));
  },
  driver: socketIo({ subscribe: { send: ['join', '{{ room }}'] }, events: ['said'] }),
  official: (port, onMessage) => {
    const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true });
    socket.on('connect', () => socket.emit('join', 'room'));
    socket.on('said', onMessage);
    return () => socket.connected;
  },
};

const MQTT: Protocol = {
  async serve(http) {
    const broker = await Aedes.createBroker();
    new WebSocketServer({ server: http, handleProtocols: () => 'mqtt' }).on(
      'connection',
      (socket, request) => {
        broker.handle(createWebSocketStream(socket), request);
      },
    );
    const payload = JSON.stringify(PAYLOAD);
    const packet = { cmd: 'publish', topic: 'room', payload, qos: 1, dup: false, retain: false } as const;
    return () => broker.publish(packet, () => {});
  },
  driver: mqtt({ version: '3.1.1', qos: 1, cleanStart: true }),
  official: (port, onMessage) => {
    const client = mqttJs.connect(`ws://127.0.0.1:${port}`, { protocolVersion: 4, clean: true });
    client.on('connect', () => client.subscribe('room', { qos: 1 }));
    client.on('message', (_topic, payload) => {
      JSON.parse(payload.toString());
      onMessage();
    });
    return () => client.connected;
  },
};

const JOIN = { action: 'join', room: 'room' };

const JSON_TEXT: Protocol = {
  serve(http) {
    const members = new Set<WebSocket>();
    new WebSocketServer({ server: http }).on('connection', (socket) => {
      socket.on('message', (data) => {
        members.add(socket);
        socket.send(JSON.stringify({ type: 'joined', room: JSON.parse(String(data)).room }));
      });
    });
    const text = JSON.stringify({ type: 'message', room: 'room', content: PAYLOAD });
    return Promise.resolve(() => {
      for (const member of members) member.send(text);
    });
  },
  driver: describedDriver('json', {
    subscribe: {
      send: { action: 'join', room: '{{ room }}' },
      confirm: { type: 'joined', room: '{{ room }}' },
    },
    rules: [{ when: { type: 'message' }, is: 'message', payload: 'content', room: 'room' }],
  }),
  official: (port, onMessage) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    let connected = false;
    socket.on('open', () => socket.send(JSON.stringify(JOIN)));
    socket.on('message', (data) => {
      const { type } = JSON.parse(String(data));
      if (type === 'joined') connected = true;
      else onMessage();
    });
    return () => connected;
  },
};

const PROTOCOLS = { 'socket-io': SOCKET_IO, mqtt: MQTT, json: JSON_TEXT };

function withDriver(driver: Driver): Connect {
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
  // What the run adds to each client is no part of a driver.
  let shared: { readonly ports: DriverPorts; readonly observer: ClientObserver<object> } | undefined;
  let clients = 0;
  return (port, onMessage) => {
    if (shared === undefined) {
      const address = `ws://127.0.0.1:${port}`;
      const url = driver.addressOf?.(address) ?? address;
      const dial = createDialer({ url, subprotocols: driver.subprotocols ?? [] });
      const randoms = { reconnectRandom: random, handlerRandom: random, contentRandom: random };
      shared = { ports: { ...world, dial, ...randoms }, observer: observer(onMessage) };
    }
    const clientId = `c${clients}`;
    const values = plainValues(clients, clientId);
    clients += 1;
    const { connector } = newClient({ clientId, values, behaviour, ...shared });
    connector.connect();
    return () => connector.ready;
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

const [name, role] = (process.env[ROLE] ?? '').split(' ');
if (name !== undefined && name !== '') {
  const protocol = PROTOCOLS[name as ProtocolName];
  if (role === 'server') await serve(protocol);
  else
    await play(Number(process.argv[2]), role === 'driver' ? withDriver(protocol.driver) : protocol.official);
}
