import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { WebSocket, WebSocketServer } from 'ws';
import { createDialer } from '../../src/world/real/dial.ts';

/**
 * The yardstick: `ws` alone on both sides, one process each. The server sends one string to every client as fast as
 * the sockets take it; the client counts, and in some cases parses, records, or sends an ack for each.
 */

export interface BareOptions {
  readonly clients: number;
  /** Length of the text of each frame. */
  readonly frameLength: number;
  readonly acks: boolean;
  /** The client parses each frame and records its latency, as any plain load client does. */
  readonly parse: boolean;
  /** Absent: as fast as the sockets take them. */
  readonly broadcastsPerSec?: number;
  readonly seconds: number;
  /** Clients on bare sockets, as load workers have them, instead of clients of `ws`. */
  readonly leanClients?: boolean;
}

export interface BareOutcome {
  readonly deliveredPerSec: number;
  readonly clientCpuUsPerMessage: number;
  readonly serverCpuUsPerMessage: number;
  readonly clientRssBytes: number;
  /** From the first dial to the last connection that was open. */
  readonly connectMs: number;
}

type Report =
  | { readonly kind: 'ready'; readonly connectMs: number }
  | { readonly kind: 'sample'; readonly count: number; readonly cpuUs: number; readonly rssBytes: number };

const ROLE = 'BARE_WS_ROLE';
const WARM_UP_MS = 1500;
/** A socket with more than this buffered is passed over: nobody queues without a bound. */
const BUFFERED_MAX = 65_536;
const SENDS_PER_TURN = 500;
const SAMPLE_MS = 50;

/** Runs both sides in processes of their own, so that neither shares anything with the caller. */
export async function bareWs(options: BareOptions): Promise<BareOutcome> {
  const server = fork(fileURLToPath(import.meta.url), [JSON.stringify(options)], {
    env: { ...process.env, [ROLE]: 'server' },
  });
  const [outcome] = (await once(server, 'message')) as [BareOutcome];
  return outcome;
}

async function serve(options: BareOptions): Promise<void> {
  const sockets: WebSocket[] = [];
  const server = new WebSocketServer({ port: 0, host: '0.0.0.0', perMessageDeflate: false, backlog: 8192 });
  server.on('connection', (socket) => {
    sockets.push(socket);
    socket.on('message', () => {});
    socket.on('error', () => {});
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = fork(fileURLToPath(import.meta.url), [JSON.stringify(options), String(port)], {
    env: { ...process.env, [ROLE]: 'client' },
  });
  let latest = { count: 0, cpuUs: 0, rssBytes: 0 };
  const connectMs = await new Promise<number>((ready) => {
    client.on('message', (report: Report) => {
      if (report.kind === 'ready') ready(report.connectMs);
      else latest = report;
    });
  });
  const text = frameText(options.frameLength);
  if (options.broadcastsPerSec === undefined) flood(sockets, text);
  else pace(sockets, text, options.broadcastsPerSec);
  await sleep(WARM_UP_MS);
  const before = { ...latest, cpu: process.cpuUsage(), atMs: performance.now() };
  await sleep(options.seconds * 1000);
  const { user, system } = process.cpuUsage(before.cpu);
  const messages = Math.max(1, latest.count - before.count);
  const outcome: BareOutcome = {
    deliveredPerSec: (messages * 1000) / (performance.now() - before.atMs),
    clientCpuUsPerMessage: (latest.cpuUs - before.cpuUs) / messages,
    serverCpuUsPerMessage: (user + system) / messages,
    clientRssBytes: latest.rssBytes,
    connectMs,
  };
  client.kill('SIGKILL');
  process.send?.(outcome, () => process.exit(0));
}

function flood(sockets: readonly WebSocket[], text: string): void {
  let next = 0;
  const turn = (): void => {
    for (let sends = 0; sends < SENDS_PER_TURN; sends += 1) {
      const socket = sockets[next];
      if (socket !== undefined && socket.bufferedAmount < BUFFERED_MAX) socket.send(text);
      next = (next + 1) % sockets.length;
    }
    setImmediate(turn);
  };
  turn();
}

/** Each broadcast in batches with a yield between them, as any server does that has other clients to serve. */
function pace(sockets: readonly WebSocket[], text: string, perSec: number): void {
  const broadcast = (from: number): void => {
    for (const socket of sockets.slice(from, from + SENDS_PER_TURN)) socket.send(text);
    if (from + SENDS_PER_TURN < sockets.length) setImmediate(broadcast, from + SENDS_PER_TURN);
  };
  setInterval(broadcast, 1000 / perSec, 0);
}

/** JSON of exactly this length, in the shape of an envelope. */
function frameText(length: number): string {
  const empty = JSON.stringify({ seq: 123_456, type: 'tick', payload: { sentUs: 123_456_789, body: '' } });
  return empty.replace('"body":""', `"body":"${'x'.repeat(Math.max(0, length - empty.length))}"`);
}

function receive(options: BareOptions, port: number): void {
  let [count, open] = [0, 0];
  const latencies = new Float64Array(4096);
  const startedMs = performance.now();
  const opened = (): void => {
    open += 1;
    if (open < options.clients) return;
    process.send?.({ kind: 'ready', connectMs: performance.now() - startedMs } satisfies Report);
  };
  const received = (text: () => string, answer: (text: string) => void): void => {
    count += 1;
    if (options.parse) {
      const { payload } = JSON.parse(text()) as { payload: { sentUs: number } };
      latencies[count & 4095] = performance.now() * 1000 - payload.sentUs;
    }
    if (options.acks) answer(`{"kind":"ack","seq":${count}}`);
  };
  const failed = (why: string): void => void process.stderr.write(`bare ws: ${why}\n`);
  const connect = options.leanClients ? connectLean : connectWs;
  for (let client = 0; client < options.clients; client += 1)
    connect(`ws://127.0.0.${1 + (client % 50)}:${port}`, { opened, received, failed });
  setInterval(() => {
    const { user, system } = process.cpuUsage();
    const rssBytes = process.memoryUsage.rss();
    process.send?.({ kind: 'sample', count, cpuUs: user + system, rssBytes } satisfies Report);
  }, SAMPLE_MS);
  process.on('disconnect', () => process.exit(0));
}

interface ClientEvents {
  readonly opened: () => void;
  readonly received: (text: () => string, answer: (text: string) => void) => void;
  readonly failed: (why: string) => void;
}

function connectWs(url: string, { opened, received, failed }: ClientEvents): void {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  socket.on('open', opened);
  socket.on('error', (error) => failed(error.message));
  socket.on('message', (data: Buffer) =>
    received(
      () => data.toString(),
      (text) => socket.send(text),
    ),
  );
}

function connectLean(url: string, { opened, received, failed }: ClientEvents): void {
  const dial = createDialer({ url, subprotocols: [], localAddressFor: () => undefined });
  const link = dial({
    onOpen: opened,
    onText: (text) =>
      received(
        () => text,
        (answer) => link.send(answer),
      ),
    onPong() {},
    onWritable() {},
    onClose: (code, reason) => failed(`${code} ${reason}`),
  });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const role = process.env[ROLE];
if (role !== undefined && process.argv[1] === fileURLToPath(import.meta.url)) {
  const options = JSON.parse(process.argv[2] ?? '{}') as BareOptions;
  if (role === 'server') await serve(options);
  else receive(options, Number(process.argv[3]));
}
