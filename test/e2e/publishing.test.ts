import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { createClient } from '@redis/client';
import { afterAll, describe, expect, it } from 'vitest';
import { createBroadcaster, type DeliveringBroadcaster } from '../../src/library.ts';
import { parseResult } from '../../src/verdict/read-result.ts';
import type { Result } from '../../src/verdict/result.ts';
import { Folder, inTurn, until, wsdeliver } from './command.ts';

/** The ways to publish to a target, against an application that somebody has made with the library. */

const TIMEOUT_MS = 120_000;
const folder = new Folder();
afterAll(() => folder.remove());

/** Answers a request to publish, after the message was published. */
type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

class Application {
  readonly broadcaster: DeliveringBroadcaster = createBroadcaster();
  readonly #server = createServer((request, response) => this.#hear(request, response));
  readonly #answer: Answer;
  #requests = 0;

  constructor(answer: Answer) {
    this.#answer = answer;
    this.broadcaster.attach(this.#server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    await this.broadcaster.stop();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  publish(text: string): void {
    const { room, payload } = JSON.parse(text) as { room: string; payload: unknown };
    void this.broadcaster.publish(room, 'said', payload);
  }

  #hear(request: IncomingMessage, response: ServerResponse): void {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      this.#requests += 1;
      if (request.headers['x-key'] === 'k1') this.publish(text);
      this.#answer(request, response, this.#requests);
    });
  }
}

async function withApplication(
  answer: Answer,
  test: (application: Application) => Promise<void>,
): Promise<void> {
  const application = new Application(answer);
  await application.open();
  try {
    await test(application);
  } finally {
    await application.close();
  }
}

async function bench(
  name: string,
  port: number,
  publish: string,
): Promise<{ code: number | undefined; stdout: string; stderr: string; result: Result }> {
  const file = folder.write(
    `${name}.yaml`,
    `
name: ${name}
target: ws://127.0.0.1:${port}/
server: { outbox: { ackTimeout: 300ms } }
clients: [{ count: 6, rooms: [r1] }]
publish: [{ room: r1, rate: 40/s, size: 100B, ${publish} }]
duration: { rampUp: 100ms, warmUp: 100ms, load: 1s, settle: 10s }
expect: { assert: [delivery.lost.silent == 0, delivery.delivered >= 200] }
`,
  );
  const json = folder.file(`${name}.json`);
  const { code, stdout, stderr } = await wsdeliver(['bench', file, '--json', json]);
  return { code, stdout, stderr, result: parseResult(readFileSync(json, 'utf8'), json) };
}

const BODY = 'body: { room: "{{ room }}", payload: "{{ payload }}" }';

function overHttp(port: number, more = ''): string {
  return `through: http, http: { url: "http://127.0.0.1:${port}/{{ message.seq }}", headers: { x-key: k1 }, ${BODY} ${more} }`;
}

function itServes(name: string, answer: Answer, test: (application: Application) => Promise<void>): void {
  it.concurrent(name, () => inTurn(() => withApplication(answer, test)), TIMEOUT_MS);
}

describe('publishing to a target', () => {
  itServes(
    'over HTTP takes a message for accepted by its status',
    (_request, response) => response.writeHead(202).end(),
    async ({ port }) => {
      const { code, result } = await bench('http', port, overHttp(port));
      expect(code).toBe(0);
      expect(result.delivery.delivered).toBe(result.delivery.owed);
      expect(result.publishing).toMatchObject({ rejected: 0, unknown: 0, unconfirmed: 0 });
    },
  );

  itServes(
    'over HTTP takes a message for rejected by its status, and owes it to nobody',
    (request, response, count) => {
      const refuses = count % 4 === 0;
      if (refuses) delete request.headers['x-key'];
      response.writeHead(refuses ? 503 : 200).end();
    },
    async ({ port }) => {
      const { result } = await bench('http-rejected', port, overHttp(port));
      expect(result.publishing?.rejected).toBeGreaterThan(5);
      expect(result.delivery.resurrected).toBeGreaterThan(0);
    },
  );

  itServes(
    'over HTTP does not know of a message whose connection breaks off',
    (_request, response, count) => {
      if (count % 3 === 0) response.destroy();
      else response.writeHead(200).end();
    },
    async ({ port }) => {
      const { result } = await bench('http-broken', port, overHttp(port));
      expect(result.publishing?.unknown).toBeGreaterThan(5);
      expect(result.delivery.recovered).toBeGreaterThan(0);
      expect(result.delivery.lost.silent).toBe(0);
    },
  );

  itServes(
    'lets the members of a room take turns',
    () => {},
    async ({ port }) => {
      const { code, result } = await bench('members', port, 'through: members');
      expect(code).toBe(0);
      expect(result.delivery.delivered).toBe(result.delivery.owed);
      expect(result.publishing).toMatchObject({ rejected: 0, unknown: 0, unconfirmed: 0 });
    },
  );

  itServes(
    'through Redis reaches whoever listens there',
    () => {},
    async (application) => {
      const redis = await startRedis();
      const subscriber = createClient({ url: redis.url });
      try {
        await subscriber.connect();
        await subscriber.subscribe('to-r1', (text) =>
          application.publish(JSON.stringify({ room: 'r1', payload: JSON.parse(text) })),
        );
        const way = `through: redis, redis: { url: "${redis.url}", channel: "to-{{ room }}" }`;
        const { code, result } = await bench('redis', application.port, way);
        expect(code).toBe(0);
        expect(result.delivery.delivered).toBe(result.delivery.owed);
      } finally {
        subscriber.destroy();
        redis.process.kill();
      }
    },
  );

  itServes(
    'says that Redis can not be reached',
    () => {},
    async ({ port }) => {
      const way = 'through: redis, redis: { url: "redis://127.0.0.1:1" }';
      const file = folder.write(
        'no-redis.yaml',
        `target: ws://127.0.0.1:${port}/\nclients: [{ rooms: [r1] }]\npublish: [{ room: r1, ${way} }]\n`,
      );
      const { code, stderr } = await wsdeliver(['bench', file, '--quiet']);
      expect(code).toBe(6);
      expect(stderr).toMatch(/^Cannot reach .*ECONNREFUSED/);
    },
  );
});

async function startRedis(): Promise<{ readonly url: string; readonly process: ChildProcess }> {
  const port = await freePort();
  const child = spawn('redis-server', ['--port', String(port), '--save', '', '--bind', '127.0.0.1']);
  let output = '';
  let failure = '';
  child.on('error', () => {
    failure = 'Cannot start redis-server: it is not installed, `apt-get install redis-server` is wanted';
  });
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  await until(() => failure !== '' || output.includes('Ready to accept connections'));
  if (failure !== '') throw new Error(failure);
  return { url: `redis://127.0.0.1:${port}`, process: child };
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
