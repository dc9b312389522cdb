import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, wsdeliver } from '../command.ts';

const PAGE = readFileSync(join(ROOT, 'docs/my-own-protocol.md'), 'utf8');

function block(language: string, beginning: string): string {
  const found = [...PAGE.matchAll(/```(\w+)\n([\s\S]*?)```/g)].find(
    ([, name, text]) => name === language && text?.startsWith(beginning),
  );
  if (found?.[2] === undefined) throw new Error(`There is no ${language} that begins with ${beginning}`);
  return found[2];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('the page about a protocol of one’s own', () => {
  let folder: string;
  let server: ChildProcess;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'my-own-'));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const port = String(await freePort());
    writeFileSync(join(folder, 'server.mjs'), block('js', '// server.mjs'));
    writeFileSync(join(folder, 'my-chat.yaml'), block('yaml', 'name: my-chat').replaceAll('9000', port));
    server = spawn(process.execPath, ['server.mjs'], { cwd: folder, env: { ...process.env, PORT: port } });
    await new Promise((resolve) => server.stdout?.once('data', resolve));
  });

  afterAll(() => {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it('probes its example', async () => {
    const { code, stdout } = await wsdeliver(['validate', '--probe', 'my-chat.yaml'], { cwd: folder });
    expect(stdout).toMatch(/^> \{"action":"join","room":"lobby"\}$/m);
    expect(stdout).toMatch(/^< \{"type":"joined","room":"lobby"\} {3}\[confirms the room "lobby"\]$/m);
    expect(stdout).toMatch(/^< \{"type":"event".* {3}\[rule 1 \(message\)\]$/m);
    expect(stdout).toMatch(/The message came back\.\nThe publish was confirmed\.\n$/);
    expect(code).toBe(0);
  });

  it('runs its example to a pass', async () => {
    const { code, stdout, stderr } = await wsdeliver(['bench', 'my-chat.yaml', '--quiet'], { cwd: folder });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^my-chat: every client got what it was owed/);
  });
});
