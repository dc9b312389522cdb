import { connect, type Socket } from 'node:net';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { RunningCommand, until } from './command.ts';

/** The reference broadcaster alone, where it listens and what it says when it can't take everybody. */

const TIMEOUT_MS = 60_000;
const sockets: Socket[] = [];
let server: RunningCommand | undefined;

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.process.kill('SIGTERM');
  await server?.outcome;
  server = undefined;
});

async function served(
  args: readonly string[],
  before?: string,
): Promise<{ running: RunningCommand; port: number }> {
  const running = new RunningCommand(
    ['serve', '--port', '0', ...args],
    before === undefined ? {} : { before },
  );
  server = running;
  await until(() => /on ws:\/\/\S+:\d+,/.test(running.stdout) || running.process.exitCode !== null);
  return { running, port: Number(/:(\d+),/.exec(running.stdout)?.[1]) };
}

/** Resolves to whether a connection stays open. */
async function connected(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  return new Promise((resolve) => {
    socket.once('close', () => resolve(false));
    socket.once('connect', () => setTimeout(() => resolve(true), 200).unref());
  });
}

describe('serve', () => {
  it.each([
    [['--host', '0.0.0.0'], true],
    [['--host', '::'], true],
    [['--host', 'localhost'], false],
    [['--host', '127.0.0.2'], false],
    [[], false],
  ])(
    'with %j warns of other machines: %s',
    async (args, warns) => {
      const { running } = await served(args);
      expect(running.stderr.includes('lets other machines connect')).toBe(warns);
    },
    TIMEOUT_MS,
  );

  it(
    'says that it is out of descriptors, goes on, and takes clients again when others have left',
    async () => {
      const { running, port } = await served([], 'ulimit -n 150');
      const taken: Promise<boolean>[] = [];
      for (let client = 0; client < 100; client += 1) taken.push(connected(port));
      expect((await Promise.all(taken)).filter((stays) => stays)).toHaveLength(86);
      expect(running.stderr).toMatch(/^warning: a connection was refused: 86 are open, .*150 open files/m);
      for (const socket of sockets.splice(0)) socket.destroy();
      await until(() => sockets.every(({ destroyed }) => destroyed));
      await new Promise((settle) => setTimeout(settle, 300));
      expect(await connected(port)).toBe(true);
    },
    TIMEOUT_MS,
  );

  it(
    'refuses a folder of scenarios in the place of one',
    async () => {
      const { running } = await served(['--scenario', resolve('scenarios')]);
      const { code, stderr } = await running.outcome;
      expect(stderr).toMatch(
        /^Cannot serve ".*scenarios": it is a folder of \d+ scenarios, one file is wanted\n$/,
      );
      expect(code).toBe(2);
    },
    TIMEOUT_MS,
  );
});
