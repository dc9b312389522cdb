import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { SimpleClient } from '../library/simple-client.ts';
import { RunningCommand, until } from './command.ts';

const MIB = 1024 * 1024;
/** The heap of the server: twice what its outboxes may hold together. */
const HEAP_MIB = 256;
const ROOMS = 20;
/** Published to each room: more than the heap could hold of them all. */
const MESSAGES = 20;
const PAYLOAD = 'x'.repeat(MIB - 1024);

let server: RunningCommand | undefined;

afterEach(async () => {
  server?.process.kill('SIGKILL');
  await server?.outcome;
});

async function serving(...flags: string[]): Promise<string> {
  const env = { NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` };
  const command = new RunningCommand(['serve', '--port', '0', ...flags], { env });
  server = command;
  await until(() => /on ws:\S+/.test(command.stdout) || command.process.exitCode !== null);
  return /ws:[^\s,]+/.exec(command.stdout)?.[0] ?? '';
}

function publish(seq: number, room: string, payload: string): object {
  return { seq, type: 'publish', payload: { room, type: 'tick', payload } };
}

/** Resident memory, MiB. */
function residentMib(pid: number): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}

describe('a server with a small heap', () => {
  it('stays up when one client publishes large messages for clients that are away', async () => {
    const url = await serving();
    for (let room = 0; room < ROOMS; room += 1) {
      const absent = await SimpleClient.connect(url, { clientId: `absent${room}`, rooms: [`r${room}`] });
      await absent.drop();
    }
    const healthy = await SimpleClient.connect(url, { clientId: 'healthy', rooms: ['calm'] });
    const calm = await SimpleClient.connect(url, { clientId: 'calm' });
    const flood = await SimpleClient.connect(url, { clientId: 'flood' });
    for (let seq = 1; seq <= ROOMS * MESSAGES; seq += 1) {
      flood.say(publish(seq, `r${seq % ROOMS}`, PAYLOAD));
      if (seq % ROOMS !== 0) continue;
      calm.say(publish(seq / ROOMS, 'calm', 'hello'));
      await flood.until(({ kind, seq: answered }) => kind !== 'welcome' && answered === seq);
    }
    const last = await healthy.until(({ seq }) => seq === MESSAGES);
    expect(last).toMatchObject({ type: 'tick', payload: 'hello' });
    expect(healthy.frames.filter(({ kind }) => kind === 'gap')).toEqual([]);
    expect(server?.process.exitCode).toBeNull();
    expect(residentMib(server?.pid ?? 0)).toBeLessThan(2 * HEAP_MIB + 100);
  });
});
