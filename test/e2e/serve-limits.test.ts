import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { SimpleClient } from '../library/simple-client.ts';
import { RunningCommand, until, wsdeliver } from './command.ts';

let server: RunningCommand | undefined;

afterEach(async () => {
  server?.process.kill('SIGKILL');
  await server?.outcome;
  server = undefined;
});

async function serving(...flags: string[]): Promise<string> {
  const command = new RunningCommand(['serve', '--port', '0', ...flags]);
  server = command;
  await until(() => /on ws:\S+/.test(command.stdout) || command.process.exitCode !== null);
  return /ws:[^\s,]+/.exec(command.stdout)?.[0] ?? '';
}

function statusOf(url: string, origin: string): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, { headers: { origin } });
    socket.on('error', () => {});
    socket.on('open', () => {
      resolve(101);
      socket.terminate();
    });
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
  });
}

describe('serve', () => {
  it('lets pages of the origins in that were named, and no others', async () => {
    const url = await serving('--origin', 'https://a.example', '--origin', 'https://b.example');
    const statuses = ['https://a.example', 'https://b.example', 'https://c.example'].map((origin) =>
      statusOf(url, origin),
    );
    expect(await Promise.all(statuses)).toEqual([101, 101, 403]);
  });

  it('refuses sessions beyond its limit, and ends nobody\u2019s session for a stranger', async () => {
    const url = await serving('--max-sessions', '2');
    const owner = await SimpleClient.connect(url, { clientId: 'a' });
    const { session, token, epoch } = owner.frames[0] ?? {};
    await owner.drop();
    await SimpleClient.connect(url, { clientId: 'a' });
    const resume = { clientId: 'a', session, token, epoch, lastSeq: 0 };
    const back = await SimpleClient.connect(url, resume);
    expect(back.frames[0]).toMatchObject({ resumed: true });
    await expect(SimpleClient.connect(url, { clientId: 'b' })).rejects.toThrow('never came');
  });

  it('says what an origin looks like', async () => {
    const { code, stderr } = await wsdeliver(['serve', '--port', '0', '--origin', 'example.org']);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('it is no origin, one such as https://example.org'),
    ]);
  });
});
