import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { Result } from '../../src/verdict/result.ts';
import { WORDS_OF_OUR_SERVER } from '../report/sample-result.ts';
import { Folder, inTurn, type Outcome, wsdeliver } from './command.ts';
import { smallScenario } from './small-scenario.ts';
import { ChatServer } from './socket-io/server.ts';
import { answerWith, TargetServer } from './target-server.ts';

/** What a run says of connections to servers that are not ours, and of what such a server leaves open. */

const TIMEOUT_MS = 120_000;
const folder = new Folder();
afterAll(() => folder.remove());

function running(name: string, test: () => Promise<void>): void {
  it.concurrent(name, () => inTurn(test), TIMEOUT_MS);
}

interface Run extends Outcome {
  readonly result: Result;
  /** The report, with single spaces. */
  readonly text: string;
}

async function bench(name: string, scenario: string): Promise<Run> {
  const file = folder.write(`${name}.yaml`, scenario);
  const json = folder.file(`${name}.json`);
  const outcome = await wsdeliver(['bench', file, '--json', json]);
  const result = JSON.parse(readFileSync(json, 'utf8')) as Result;
  return { ...outcome, result, text: outcome.stdout.replaceAll(/\s+/g, ' ') };
}

/** Refuses the first attempts of some clients; the publisher comes before them all. */
async function refusing(test: (server: TargetServer) => Promise<void>): Promise<void> {
  let handshakes = 0;
  const server = await new TargetServer({
    compression: true,
    answer: (_request, socket) => {
      handshakes += 1;
      return handshakes > 1 && handshakes <= 6 && answerWith(socket, '503 Service Unavailable');
    },
  }).listen();
  try {
    await test(server);
  } finally {
    server.close();
  }
}

describe('connections to a target', () => {
  // A bare socket, and `ws`, which compression needs.
  for (const compression of [false, true]) {
    running(`are facts that can be asserted, ${compression ? 'with' : 'without'} compression`, () =>
      refusing(async ({ url }) => {
        const name = `facts-${compression}`;
        const scenario = smallScenario({
          name,
          faults: ['{ at: 300ms, clients: { ids: [3, 4] }, do: drop }'],
          assert: [
            'connect.attempts == 37',
            'connect.opened == 32',
            'connect.failed == 0',
            'connect.refused == 5',
            'connect.refused{status:503} == 5',
            'connect.refused{status:401} == 0',
            'connect.closed{code:1006} == 2',
            'connect.lifetime.count == 2',
            'connect.connectedShare < 100%',
            'connect.connectedShare > 90%',
            'latency.connect.count == 32',
            'latency.subscribe.count == 32',
          ],
        });
        const target = `target: { url: '${url}', compression: ${compression} }\n`;
        const { code, stdout, text, result } = await bench(name, `${scenario}${target}`);
        expect(code, stdout).toBe(0);
        expect(text).toContain('dialled 37 times · 32 opened · 5 refused with status 503');
        expect(text).toContain('closed 2 with 1006');
        const { connect, subscribe } = result.latency;
        // A session is there after its socket, on each connection.
        expect(subscribe?.min).toBeGreaterThanOrEqual(connect?.min ?? Number.POSITIVE_INFINITY);
      }),
    );
  }
});

describe('a server of Socket.IO that confirms nothing', () => {
  const DROP = '{ at: 300ms, clients: { ids: [0, 1] }, do: drop }';

  async function strange(name: string, options: { readonly guarantee?: string }): Promise<Run> {
    const server = await ChatServer.start({ recovery: false });
    try {
      const scenario = smallScenario({
        name,
        server: '{}',
        profile: 'reconnect: { min: 400ms, max: 400ms, jitter: none }',
        faults: [DROP],
        assert: ['delivery.lost.silent > 0', 'connect.closed{code:1006} == 2'],
        ...options,
      });
      return await bench(
        name,
        `${scenario}target:
  url: ${server.url}
  driver: socket.io
  socket.io:
    subscribe: { send: [join, '{{ room }}'], confirm: [{ ok: true }] }
    publish: { send: [said, '{{ room }}', '{{ payload }}'] }
`,
      );
    } finally {
      await server.kill();
    }
  }

  running('shows its losses and passes, as its protocol promises no more', async () => {
    const { code, stdout, text, result } = await strange('stranger', {});
    expect(code, stdout).toBe(0);
    expect(result.guarantee).toMatchObject({ level: 'at-most-once', status: 'pass' });
    expect(result.delivery.lost.reported).toBe(0);
    expect(text).toContain('driver socket.io');
    expect(text).toContain('CONNECTIONS');
    expect(stdout).not.toMatch(WORDS_OF_OUR_SERVER);
    expect(result.publishing?.accepted).toBeGreaterThan(5);
  });

  running('fails where the scenario expects more of it', async () => {
    const { code, result } = await strange('raised', { guarantee: 'at-least-once' });
    expect(code).toBe(3);
    expect(result.guarantee).toMatchObject({ level: 'at-least-once', status: 'fail' });
  });
});
