import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseResult } from '../../src/verdict/read-result.ts';
import type { Result } from '../../src/verdict/result.ts';
import { COMMAND, Folder, inTurn, type Outcome, ROOT, wsdeliver } from './command.ts';

/** What docs/services.md shows, run as it stands there: a server as a process, and two of them behind nginx. */

const TIMEOUT_MS = 120_000;
const PAGE = readFileSync(join(ROOT, 'docs/services.md'), 'utf8');
const folder = new Folder();
/** Where `wsdeliver` is the built command, as after an installation. */
const PATH = [folder.path, '/usr/sbin', process.env.PATH ?? ''].join(delimiter);

/** The blocks of the page that come after "`name`:". */
function fileOf(name: string): string {
  const [, , content] = new RegExp(`\`${name}\`:\\n\\n\`\`\`(\\w+)\\n([\\s\\S]*?)\`\`\``).exec(PAGE) ?? [];
  if (content === undefined) throw new Error(`docs/services.md does not show ${name}`);
  return content;
}

beforeAll(() => {
  try {
    execFileSync('nginx', ['-v'], { stdio: 'ignore', env: { ...process.env, PATH } });
  } catch {
    throw new Error('Cannot test behind nginx: it is not installed, "apt-get install nginx-light" is wanted');
  }
  const shim = folder.write('wsdeliver', `#!/bin/sh\nexec "${process.execPath}" "${COMMAND}" "$@"\n`);
  chmodSync(shim, 0o755);
  for (const name of ['killed.yaml', 'nginx.conf.in', 'proxied.yaml']) folder.write(name, fileOf(name));
});
afterAll(() => folder.remove());

/** The scenario behind nginx with another part, and what became of it. */
async function proxied(
  name: string,
  changes: readonly (readonly [string, string])[],
): Promise<Outcome & { readonly result: Result }> {
  const text = changes.reduce((known, [from, to]) => {
    if (!known.includes(from)) throw new Error(`proxied.yaml has no ${from}`);
    return known.replace(from, to);
  }, fileOf('proxied.yaml'));
  const json = folder.file(`${name}.json`);
  const file = folder.write(`${name}.yaml`, text.replace('name: proxied', `name: ${name}`));
  const outcome = await wsdeliver(['bench', file, '--json', json], { env: { PATH } });
  return { ...outcome, result: parseResult(readFileSync(json, 'utf8'), json) };
}

const FAULTS = /faults:\n(?: {2}- .*\n)+/.exec(PAGE.slice(PAGE.indexOf('name: proxied')))?.[0] ?? '';

describe('docs/services.md', () => {
  const commands = [...PAGE.matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap(([, text = '']) => text.split('\n'))
    .filter((line) => line.startsWith('wsdeliver '));

  it('shows commands', () => {
    expect(commands.length).toBeGreaterThan(3);
  });

  it.each(commands)(
    '%s ends well',
    (command) =>
      inTurn(async () => {
        const [, ...args] = command.split(' ');
        const outcome = await wsdeliver(args, { env: { PATH }, cwd: folder.path });
        expect(outcome).toMatchObject({ code: 0 });
      }),
    TIMEOUT_MS,
  );
});

describe('two servers behind nginx', () => {
  it(
    'lose nothing when nginx is restarted and killed, since sessions are resumed',
    () =>
      inTurn(async () => {
        const { code, result } = await proxied('nginx-gone', []);
        expect(code).toBe(0);
        expect(result.delivery.lost).toMatchObject({ silent: 0, reported: 0 });
        expect(result.latency.recovery?.count).toBeGreaterThan(0);
        const nginx = result.services?.find(({ name }) => name === 'nginx');
        expect(nginx?.starts).toBe(3);
        expect(nginx?.ends.map(({ by }) => by)).toEqual(['fault', 'fault']);
      }),
    TIMEOUT_MS,
  );

  it(
    'report what the first one forgot when it dies and the other takes over',
    () =>
      inTurn(async () => {
        const { code, result } = await proxied('failover', [
          [FAULTS, 'faults:\n  - { do: service-kill, at: 1s, down: 10m, service: app-1 }\n'],
          ['service-restart.fired == 1', 'service-kill.fired == 1'],
          ['settle: 10s', 'settle: 4s'],
          ['expect:\n', 'expect:\n  allowReported: [restart]\n'],
        ]);
        expect(code).toBe(0);
        expect(result.delivery.lost.silent).toBe(0);
        expect(result.services).toMatchObject([
          { starts: 1, ends: [{ by: 'fault' }] },
          { starts: 1, ends: [] },
          {},
        ]);
      }),
    TIMEOUT_MS,
  );

  it(
    'lose what the other one published when neither knows of the other',
    () =>
      inTurn(async () => {
        writeFileSync(folder.file('spread.conf.in'), fileOf('nginx.conf.in').replace(' backup', ''));
        const { code, result } = await proxied('spread', [
          ['nginx.conf.in', 'spread.conf.in'],
          [FAULTS, ''],
          [/ {4}- faults.*\n/.exec(fileOf('proxied.yaml'))?.[0] ?? '', ''],
          ['load: 4s', 'load: 1s'],
        ]);
        expect(code).toBe(3);
        expect(result.delivery.lost.silent).toBeGreaterThan(result.delivery.owed / 4);
      }),
    TIMEOUT_MS,
  );
});
