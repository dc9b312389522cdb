import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Folder, inTurn, ROOT, wsdeliver } from './command.ts';
import { smallScenario } from './small-scenario.ts';

/** What a command says when it can't even begin, or nobody takes what it says. */

const TIMEOUT_MS = 120_000;
const folder = new Folder();
const SMALL = folder.write('small.yaml', smallScenario({ load: '300ms' }));

afterAll(() => folder.remove());

function shown(name: string, test: () => Promise<void>): void {
  it.concurrent(name, () => inTurn(test), TIMEOUT_MS);
}

/** A module that is loaded before the command, as `node --import` takes it. */
function preloading(code: string): Record<string, string> {
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
}

describe('the command', () => {
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    engines: { node: string };
  };
  const oldest = engines.node.replace('>=', '');

  it.concurrent.each(['18.20.4', '20.18.3', '12.22.0'])('says so on Node %s, which is too old', (version) =>
    inTurn(async () => {
      const env = preloading(`Object.defineProperty(process.versions, 'node', { value: '${version}' })`);
      expect(await wsdeliver(['bench'], { env })).toMatchObject({
        code: 2,
        stdout: '',
        stderr: `Cannot run wsdeliver on Node ${version}: Node ${oldest} or newer is wanted\n`,
      });
    }),
  );

  it.concurrent.each([20, 22, 25, 30])('says so when %d files may be open, which is too few', (files) =>
    inTurn(async () => {
      const { code, stderr } = await wsdeliver(['bench', SMALL], { before: `ulimit -n ${files}` });
      expect(code).toBe(2);
      expect(stderr).toMatch(/^Cannot .*too many open files.*\n$/);
    }),
  );

  shown('says in a sentence that it failed by its own fault', async () => {
    const env = {
      ...preloading(`JSON.parse = () => { throw new TypeError('impossible') }`),
      TMPDIR: folder.path,
    };
    const { code, stderr } = await wsdeliver(['bench', SMALL], { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^wsdeliver failed by a fault of its own: impossible\nPlease report it: .*\n$/);
  });

  shown('goes on when standard error takes nothing', async () => {
    const { code, stdout } = await wsdeliver(['bench', SMALL], { before: 'exec 2>/dev/full' });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^VERDICT +✓ PASS/);
  });

  shown('writes its files and fails when standard output takes nothing', async () => {
    const json = folder.file('full.json');
    const { code, stderr } = await wsdeliver(['bench', SMALL, '--json', json], { before: 'exec >/dev/full' });
    expect(code).toBe(1);
    expect(stderr).toContain('Cannot write to standard output: ENOSPC');
    expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ verdict: 'pass' });
  });

  shown('says nothing raw of what it was given', async () => {
    const { stderr } = await wsdeliver(['validate', 'a\u001b[2J\u202eb\nforged: valid']);
    expect(stderr).toContain('Cannot find scenario "a\\x1b[2J\\u202eb\\nforged: valid"');
    const unknown = await wsdeliver(['bench', '--\u001b[2J']);
    expect(unknown.stderr).toContain("unknown option '--\\x1b[2J'");
  });

  shown('shows no password of a target in a message', async () => {
    const target = 'ws://user:hunter2@127.0.0.1:9/?token=hunter2';
    for (const outcome of await Promise.all([
      wsdeliver(['bench', SMALL, '--target', target]),
      wsdeliver(['bench', SMALL], { env: { WSDELIVER_TARGET: target } }),
      wsdeliver(['bench', SMALL, '--set', `target=${target}#x`]),
      wsdeliver([
        'validate',
        folder.write('target.yaml', `${smallScenario({ load: '1s' })}\ntarget: ${target}#x`),
      ]),
    ])) {
      expect(outcome.code).toBeGreaterThan(1);
      expect(outcome.stderr).toContain('***');
      expect(outcome.stderr + outcome.stdout).not.toContain('hunter2');
    }
  });
});

describe('an output', () => {
  shown('that is the scenario itself is refused before the run, by whatever name', async () => {
    const own = new Folder();
    const file = own.write('own.yaml', smallScenario({ load: '300ms' }));
    symlinkSync(file, own.file('link.json'));
    linkSync(file, own.file('hard.json'));
    for (const [flag, name] of [
      ['--json', 'own.yaml'],
      ['--html', 'link.json'],
      ['--junit', 'hard.json'],
      ['--dead-letters', '../own.yaml'],
    ] as const) {
      const path = name.startsWith('..') ? join(own.path, 'x', name) : own.file(name);
      if (name.startsWith('..')) mkdirSync(own.file('x'));
      const { code, stdout, stderr } = await wsdeliver(['bench', file, flag, path]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain('another file is wanted');
      expect(readFileSync(file, 'utf8')).toBe(smallScenario({ load: '300ms' }));
    }
    own.remove();
  });

  shown('that is named twice is refused before the run', async () => {
    const { code, stderr } = await wsdeliver(['bench', SMALL, '--json', 'a.out', '--html', './a.out'], {
      cwd: folder.path,
    });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'Cannot write "./a.out": "a.out" is written to the same file\n',
    });
  });

  shown('that is a pipe without a reader is refused at once', async () => {
    execFileSync('mkfifo', [folder.file('pipe')]);
    const { code, stderr } = await wsdeliver(['bench', SMALL, '--json', folder.file('pipe')]);
    expect(code).toBe(2);
    expect(stderr).toContain('no process reads from this pipe');
  });

  shown('may be standard output, in a file as well as in a pipe', async () => {
    const quiet = ['bench', SMALL, '--quiet', '--json', '/dev/stdout'];
    const piped = await wsdeliver(quiet);
    expect(piped.stdout).toMatch(/^small: .*\n\{\n/);
    const file = folder.file('stdout.txt');
    expect((await wsdeliver(quiet, { before: `exec > ${file}` })).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(/^small: .*\n\{\n[\s\S]*\n\}\n$/);
  });

  shown('of a run before is kept when the disk is full', async () => {
    const json = folder.write('good.json', 'good');
    // No file may get longer than so many blocks: what a full disk does, without one.
    const { code, stderr } = await wsdeliver(['bench', SMALL, '--json', json], {
      before: "trap '' XFSZ; ulimit -f 4",
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/Cannot write ".*good\.json": E/);
    expect(readFileSync(json, 'utf8')).toBe('good');
    expect(readdirSync(folder.path).filter((name) => name.includes('.tmp'))).toEqual([]);
  });
});
