import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { codeBlocks } from '../../docs/text.ts';
import { Folder, ROOT, wsdeliver } from '../command.ts';

/** docs/socket-io.md, done as it says, but on a free port. */

const page = readFileSync(join(ROOT, 'docs/socket-io.md'), 'utf8');
const [server = ''] = codeBlocks(page, 'js');
const [scenario = ''] = codeBlocks(page, 'yaml');
const folder = new Folder();
afterAll(() => folder.remove());

/** Starts the server of the page, which says on which port it listens, as it would not for a user. */
async function started(text: string): Promise<{ readonly port: number; stop(): void }> {
  const listening = `${text}\nio.httpServer.on('listening', () => console.log(io.httpServer.address().port));\n`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', listening], {
    cwd: ROOT,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())));
  });
  return { port, stop: () => child.kill('SIGKILL') };
}

async function run(
  serverText: string,
  scenarioText: string,
): Promise<{ code: number | undefined; stdout: string }> {
  const { port, stop } = await started(serverText);
  try {
    const file = folder.write('chat.yaml', scenarioText.replace(':3000', `:${port}`));
    return await wsdeliver(['bench', file]);
  } finally {
    stop();
  }
}

describe('docs/socket-io.md', () => {
  it('has a first run that passes', async () => {
    const { code, stdout } = await run(server, scenario);
    expect(stdout).toContain('driver socket.io');
    expect(stdout).toMatch(/✓ delivery\.lost\.silent == 0 +0/);
    expect(code).toBe(0);
  });

  it('says what happens to it without connection state recovery', async () => {
    const { code, stdout } = await run(
      server.replace(', { connectionStateRecovery: {} }', ''),
      scenario.replace('recovery: true', 'recovery: false'),
    );
    expect(stdout).toContain('✗ delivery.lost.silent == 0');
    expect(code).toBe(3);
  });

  it('lists the options that a scenario can have, and the defects that the tests show', () => {
    for (const key of ['namespace', 'auth', 'volatile', 'binary', 'events', 'ack', 'retries', 'offsetFrom'])
      expect(page).toContain(key);
  });
});
