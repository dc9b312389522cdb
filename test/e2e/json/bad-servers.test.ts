import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { listen, type SmallServer } from '../../servers/listen.ts';
import { type Outcome, wsdeliver } from '../command.ts';

/** What a probe says of servers that do not do what a description expects. */
describe('a probe of a strange server', () => {
  let folder: string;
  let server: SmallServer;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'strange-'));
  });

  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function probe(json: string, onConnection: (socket: WebSocket) => void): Promise<Outcome> {
    server = await listen({ onConnection });
    const file = join(folder, 'a.yaml');
    writeFileSync(
      file,
      `target: { url: "ws://127.0.0.1:${server.port}/", driver: json, json: ${json} }\nclients: [{ rooms: [r] }]\npublish: [{ room: r }]\n`,
    );
    return wsdeliver(['validate', '--probe', file]);
  }

  it('names the step that stays unanswered', async () => {
    const { code, stdout } = await probe('{ open: [{ expect: { type: hello }, within: 300ms }] }', () => {});
    expect(stdout).toContain('step 1 of "open" was not answered within 300 ms');
    expect(stdout).toContain('The client was connected and did not get into its rooms');
    expect(code).toBe(5);
  });

  it('reads JSON in binary frames', async () => {
    const { code, stdout } = await probe('{ publish: { send: { x: "{{ payload }}" } } }', (socket) => {
      socket.on('message', (data) => socket.send(data as Buffer, { binary: true }));
    });
    expect(stdout).toContain('The message came back.');
    expect(code).toBe(0);
  });

  it('shows a close without a code', async () => {
    const { code, stdout } = await probe('{ open: [{ expect: { type: hello } }] }', (socket) =>
      socket.close(),
    );
    expect(stdout).toContain('* closed with 1005');
    expect(code).toBe(5);
  });

  it('says that a frame is larger than it takes', async () => {
    const { code, stdout } = await probe('{ open: [{ expect: { type: hello } }] }', (socket) =>
      socket.send('x'.repeat(100_000_000)),
    );
    expect(stdout).toContain('closed with 4413: the server sent a frame of more than 1048576 bytes');
    expect(stdout.length).toBeLessThan(10_000);
    expect(code).toBe(5);
  });

  it('shows a flood, and ends', async () => {
    const { code, stdout } = await probe(
      '{ rules: [{ when: { type: msg }, is: message }], publish: { send: { x: "{{ payload }}" } } }',
      (socket) => {
        const timer = setInterval(() => {
          for (let index = 0; index < 20; index += 1) socket.send('{"type":"noise"}');
        }, 10);
        socket.on('close', () => clearInterval(timer));
      },
    );
    expect(stdout).toContain('The message did not come back: no frame held its stamp.');
    expect(stdout).toMatch(/frames were matched by no rule/);
    expect(code).toBe(5);
  });

  it('says that a message came back in a frame that no rule calls one', async () => {
    const { code, stdout } = await probe(
      '{ rules: [{ when: { type: msg }, is: message }], publish: { send: { x: "{{ payload }}" } } }',
      (socket) => {
        socket.on('message', (data) => socket.send(String(data)));
      },
    );
    expect(stdout).toContain('came back in a frame that no rule calls a message');
    expect(code).toBe(5);
  });

  it('ends with 6 where nobody listens', async () => {
    server = await listen({ onConnection: () => {} });
    await server.close();
    const file = join(folder, 'a.yaml');
    writeFileSync(file, `target: { url: "ws://127.0.0.1:${server.port}/", driver: json }\n`);
    const { code, stdout } = await wsdeliver(['validate', '--probe', file]);
    expect(stdout).toContain('No connection was opened');
    expect(code).toBe(6);
  });
});
