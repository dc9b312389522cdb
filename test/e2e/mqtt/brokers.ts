import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Aedes } from 'aedes';
import { createWebSocketStream, WebSocketServer } from 'ws';

/** An MQTT broker that listens for WebSockets. */
export interface Broker {
  readonly url: string;
  readonly port: number;
  /** Ends without a word, and forgets every session. */
  kill(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * mosquitto of Debian, in a process of its own.
 *
 * @param settings - more lines of its configuration
 */
export async function startMosquitto(port?: number, settings: readonly string[] = []): Promise<Broker> {
  const wsPort = port ?? (await freePort());
  // It refuses to start with a WebSocket listener alone.
  const plainPort = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'wsdeliver-mosquitto-'));
  const lines = [
    `listener ${plainPort} 127.0.0.1`,
    `listener ${wsPort} 127.0.0.1`,
    'protocol websockets',
    'allow_anonymous true',
    ...settings,
    '',
  ];
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(file, lines.join('\n'));
  const child = spawn('mosquitto', ['-c', file, '-v'], {
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  await readiness(child, /mosquitto version .* running/);
  return {
    url: `ws://127.0.0.1:${wsPort}`,
    port: wsPort,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function readiness(child: ChildProcess, line: RegExp): Promise<void> {
  let output = '';
  return new Promise((resolve, reject) => {
    child.on('error', () =>
      reject(new Error('Cannot start mosquitto: it is not installed, `apt-get install mosquitto` is wanted')),
    );
    child.on('close', () => reject(new Error(`mosquitto ended: ${output}`)));
    child.stderr?.on('data', (chunk: Buffer) => {
      output += chunk;
      if (line.test(output)) resolve();
    });
  });
}

/** aedes of npm, in this process. */
export async function startAedes(port = 0): Promise<Broker> {
  const aedes = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  const http: Server = createServer();
  http.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const server = new WebSocketServer({ server: http, handleProtocols: () => 'mqtt' });
  server.on('connection', (ws, request) => {
    const stream = createWebSocketStream(ws);
    stream.on('error', () => {});
    aedes.handle(stream, request);
  });
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  const { port: chosen } = http.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${chosen}`,
    port: chosen,
    kill: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => http.close(resolve));
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
    },
  };
}
