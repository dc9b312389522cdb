import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { parseResult } from '../../src/verdict/read-result.ts';
import { Folder, inTurn, RunningCommand, until, wsdeliver } from './command.ts';
import { smallScenario } from './small-scenario.ts';

/** `--target`: the reference broadcaster in a process of its own, and servers that are something else. */

const TIMEOUT_MS = 120_000;
const folder = new Folder();
afterAll(() => folder.remove());

const SMALL = folder.write('small.yaml', smallScenario());

function aimed(name: string, test: () => Promise<void>): void {
  it.concurrent(name, () => inTurn(test), TIMEOUT_MS);
}

/** Most of such a run is waiting for an answer that does not come, which needs no turn. */
function refused(name: string, test: () => Promise<void>): void {
  it.concurrent(name, test, TIMEOUT_MS);
}

/** Runs a test against `wsdeliver serve` on a port of its own, which is gone afterwards. */
async function served(test: (server: RunningCommand, url: string) => Promise<void>): Promise<void> {
  const server = new RunningCommand(['serve', '--port', '0']);
  try {
    await until(() => server.stdout.includes('\n') || server.process.exitCode !== null);
    await test(server, /ws:\/\/\S+?(?=,)/.exec(server.stdout)?.[0] ?? '');
  } finally {
    server.process.kill('SIGKILL');
    await server.outcome;
  }
}

/** Runs a test against somebody else's HTTP server. */
async function beside(server: Server, test: (url: string) => Promise<void>): Promise<void> {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  try {
    await test(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Takes every connection, and does with it what it is told. */
function webSocketServer(
  onConnection: (send: (message: string | Buffer) => void) => void,
  subprotocol: string,
): Server {
  const server = createServer();
  const sockets = new WebSocketServer({ server, handleProtocols: () => subprotocol });
  sockets.on('connection', (socket) => onConnection((message) => socket.send(message)));
  server.on('close', () => {
    for (const client of sockets.clients) client.terminate();
  });
  return server;
}

async function expectUnreachable(url: string, why: RegExp): Promise<void> {
  const { code, stdout, stderr } = await wsdeliver(['bench', SMALL, '--target', url, '--quiet']);
  expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
  expect(stderr).toMatch(/^Cannot reach "ws:.*a WebSocket server that speaks wsdeliver\.v1 is wanted\n$/);
  expect(stderr).toMatch(why);
}

describe('wsdeliver bench --target', () => {
  aimed('passes against the reference broadcaster, and says that it knows nothing of its inside', () =>
    served(async (_, url) => {
      const { code, stdout } = await wsdeliver(['bench', SMALL, '--target', url]);
      expect(code).toBe(0);
      expect(stdout).toContain(`target ${url}`);
      expect(stdout).toContain('no server-side evidence');
    }),
  );

  aimed('is inconclusive when the target dies for good, and says when and for how many clients', () =>
    served(async (server, url) => {
      const json = folder.file('gone.json');
      const file = folder.write(
        'gone.yaml',
        smallScenario({
          name: 'gone',
          load: '8s',
          assert: ['delivery.delivered > 1000000', 'latency.push.count > 1000000'],
        }),
      );
      const command = new RunningCommand(['bench', file, '--target', url, '--json', json]);
      await command.shows(/\[load 2\./);
      server.process.kill('SIGKILL');
      const { code, stdout } = await command.outcome;
      expect(code).toBe(5);
      expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
        /the target went away [2-6]\.\d s after the load began and did not come back: 30 of 30 clients had no connection/,
      );
      const { reasons, verdict } = parseResult(readFileSync(json, 'utf8'), json);
      expect(verdict).toBe('inconclusive');
      expect(reasons[0]).toMatchObject({ code: 'target-gone', count: 30, asked: 30 });
      expect(reasons.map(({ code: reason }) => reason)).not.toContain('assertion-failed');
    }),
  );

  aimed('takes the target from the environment, and a flag before that', () =>
    served(async (_, url) => {
      const env = { WSDELIVER_TARGET: 'ws://127.0.0.1:1' };
      expect(await wsdeliver(['bench', SMALL, '--quiet'], { env })).toMatchObject({ code: 6 });
      expect(await wsdeliver(['bench', SMALL, '--quiet', '--target', url], { env })).toMatchObject({
        code: 0,
      });
    }),
  );

  aimed('does not pass when the server dies while messages flow', () =>
    served(async (server, url) => {
      const file = folder.write('dies.yaml', smallScenario({ name: 'dies', load: '3s', settle: '1s' }));
      const command = new RunningCommand(['bench', file, '--target', url]);
      await command.shows(/\[load 2\./);
      server.process.kill('SIGKILL');
      const { code, stdout } = await command.outcome;
      expect(code).toBe(5);
      expect(stdout).toMatch(/\d+ publishes were never answered/);
      expect(stdout).toContain('the target went away');
    }),
  );

  aimed('does not pass when the server stands still while messages flow', () =>
    served(async (server, url) => {
      const file = folder.write('halts.yaml', smallScenario({ name: 'halts', load: '3s', settle: '1s' }));
      const command = new RunningCommand(['bench', file, '--target', url]);
      await command.shows(/\[load 2\./);
      server.process.kill('SIGSTOP');
      const { code, stdout } = await command.outcome;
      expect(code).toBe(5);
      expect(stdout).toMatch(/\d+ publishes were never answered/);
    }),
  );

  refused('does not find a server where nobody listens', () =>
    expectUnreachable('ws://127.0.0.1:1', /ECONNREFUSED/),
  );

  refused('does not find a server under a name that nobody has', () =>
    expectUnreachable('ws://nobody.invalid:8080', /ENOTFOUND|EAI_AGAIN|does not answer/),
  );

  refused('is told what an HTTP server answers that knows no WebSockets', () =>
    beside(
      createServer((_, response) => response.end('hello')),
      (url) => expectUnreachable(url, /Unexpected server response: 200/),
    ),
  );

  refused('is told when a server speaks another protocol', () =>
    beside(
      webSocketServer(() => {}, 'graphql-ws'),
      (url) => expectUnreachable(url, /subprotocol/),
    ),
  );

  refused('is told when a server answers a hello with something else', () =>
    beside(
      webSocketServer((send) => send(`42["\u001b[2Jwelcome"]${'x'.repeat(500)}`), 'wsdeliver.v1'),
      (url) =>
        expectUnreachable(url, /it answers a hello with "42\["\\x1b\[2Jwelcome"\]x{30,45}…", a WebSocket/),
    ),
  );

  refused('is told what a server says in the error with which it answers a hello', () =>
    beside(
      webSocketServer((send) => send('{"type":"error","message":"the token has expired"}'), 'wsdeliver.v1'),
      (url) =>
        expectUnreachable(url, /it answers a hello with the error "the token has expired", a WebSocket/),
    ),
  );

  refused('is told when a server answers a hello with a binary frame', () =>
    beside(
      webSocketServer((send) => send(Buffer.from('welcome')), 'wsdeliver.v1'),
      (url) => expectUnreachable(url, /it answers a hello with a binary frame of 7 bytes, a WebSocket/),
    ),
  );

  refused('is told when a server never answers a hello', () =>
    beside(
      webSocketServer(() => {}, 'wsdeliver.v1'),
      (url) => expectUnreachable(url, /it does not answer a hello/),
    ),
  );
});

describe('wsdeliver replay, of a result whose target had a password', () => {
  aimed('asks for the address instead of sending three asterisks', () =>
    served(async (_, url) => {
      const address = url.replace('ws://', 'ws://ann:hunter2@');
      const json = folder.file('with-password.json');
      await wsdeliver(['bench', SMALL, '--target', address, '--json', json]);
      const refused = await wsdeliver(['replay', json]);
      expect(refused.stderr).toMatch(
        /with-password.json .scenario.source.:\d+:\d+: Cannot use "ws:..\*{3}@127.0.0.1:\d+.*--target URL with the secret is wanted\n$/,
      );
      expect(refused.code).toBe(2);
      const replayed = await wsdeliver(['replay', json, '--target', address]);
      expect(replayed.stdout.replaceAll(/\s+/g, ' ')).toContain('shown by 0 of 1 run');
    }),
  );
});

describe('wsdeliver serve', () => {
  aimed('says in a sentence that its port is taken', () =>
    served(async (_, url) => {
      const { code, stdout, stderr } = await wsdeliver(['serve', '--port', new URL(url).port]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(
        /^Cannot listen on "127\.0\.0\.1:\d+" for the reference broadcaster: another process has the port.*\n$/,
      );
    }),
  );

  aimed('takes its settings from a scenario', async () => {
    const server = new RunningCommand(['serve', '--port', '0', '--scenario', 'ci-smoke']);
    await until(() => server.stdout.includes('\n') || server.process.exitCode !== null);
    server.process.kill('SIGTERM');
    expect(await server.outcome).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^wsdeliver\.v1 \(effectively-once\) on ws:/),
    });
  });

  for (const signal of ['SIGINT', 'SIGHUP'] as const)
    aimed(`drains and stops at the first ${signal}, and tells what it did`, () =>
      served(async (server, url) => {
        expect(await wsdeliver(['bench', SMALL, '--target', url, '--quiet'])).toMatchObject({ code: 0 });
        server.process.kill(signal);
        const { code, stdout } = await server.outcome;
        expect(code).toBe(0);
        expect(stdout).toMatch(/\d+ broadcasts, \d+ sent/);
      }),
    );
});
