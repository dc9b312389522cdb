import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Folder, inTurn, ROOT, RunningCommand, wsdeliver } from './command.ts';
import { smallScenario } from './small-scenario.ts';

/** The commands that run nothing. */

const folder = new Folder();
afterAll(() => folder.remove());

const BUNDLED = readdirSync(join(ROOT, 'scenarios'))
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.replace('.yaml', ''));

describe('wsdeliver', () => {
  it.concurrent('prints its version', () =>
    inTurn(async () => {
      const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
      expect(await wsdeliver(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
    }));

  it.concurrent('prints help about itself and about every command', () =>
    inTurn(async () => {
      const help = await wsdeliver(['--help']);
      expect(help).toMatchObject({ code: 0, stderr: '' });
      const commands = [...help.stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name ?? '');
      expect(commands).toEqual(
        expect.arrayContaining(['bench', 'scenarios', 'validate', 'schema', 'faults', 'serve', 'report']),
      );
      for (const command of commands.filter((name) => name !== 'help')) {
        expect(await wsdeliver([command, '--help'])).toMatchObject({ code: 0, stderr: '' });
      }
    }));

  it.concurrent('shows how it is used, with exit code 2, when it is called without a command', () =>
    inTurn(async () => {
      expect(await wsdeliver([])).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining('Usage:'),
      });
    }));

  it.concurrent.each([
    [['nonsense'], "unknown command 'nonsense'"],
    [['bench', '--nonsense'], "unknown option '--nonsense'"],
    [['bench', '--seed', '-1'], 'a whole number'],
    [['bench', '--seed', '1e3'], 'a whole number'],
    [['bench', '--workers', '0'], 'a whole number from 1'],
    [['serve', '--port', '70000'], 'a whole number from 0 to 65535'],
    [['report', 'x', '--format', 'pdf'], 'Allowed choices are text'],
    [['report'], "missing required argument 'result'"],
    [['validate'], "missing required argument 'scenario'"],
  ])('refuses %j with exit code 2', (args, message) =>
    inTurn(async () => {
      expect(await wsdeliver(args)).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining(message),
      });
    }),
  );

  it.concurrent('is quiet when the reader of its output goes away', () =>
    inTurn(async () => {
      const command = new RunningCommand(['schema']);
      command.process.stdout?.destroy();
      expect(await command.outcome).toMatchObject({ code: 0, stderr: '' });
    }));
});

describe('wsdeliver scenarios', () => {
  it.concurrent('lists every bundled scenario in a line with its claim', () =>
    inTurn(async () => {
      const { code, stdout } = await wsdeliver(['scenarios']);
      expect(code).toBe(0);
      const lines = stdout.trimEnd().split('\n');
      expect(lines.map((line) => line.split(' ')[0])).toEqual(BUNDLED.sort());
      for (const line of lines) expect(line).toMatch(/^[a-z-]+ +[A-Z].*\.$/);
    }));

  it.concurrent('folds the claims into the width it is given', () =>
    inTurn(async () => {
      const { stdout } = await wsdeliver(['scenarios'], { env: { COLUMNS: '60' } });
      expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60);
    }));
});

describe('wsdeliver faults', () => {
  it.concurrent('lists every fault that is used in a bundled scenario', () =>
    inTurn(async () => {
      const { code, stdout } = await wsdeliver(['faults']);
      expect(code).toBe(0);
      const used = BUNDLED.flatMap((name) =>
        [...readFileSync(join(ROOT, 'scenarios', `${name}.yaml`), 'utf8').matchAll(/\bdo: ([a-z-]+)/g)].map(
          ([, fault]) => fault,
        ),
      );
      expect(stdout.split('\n')).toEqual(expect.arrayContaining(used));
    }));
});

describe('wsdeliver schema', () => {
  it.concurrent.each([[['schema']], [['schema', '--result']]])(
    '%j prints a JSON Schema without loose ends',
    (args) =>
      inTurn(async () => {
        const { code, stdout } = await wsdeliver(args);
        expect(code).toBe(0);
        const schema = JSON.parse(stdout) as Record<string, unknown>;
        expect(schema).toMatchObject({
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          type: 'object',
        });
        const references = [...stdout.matchAll(/"\$ref": "#\/\$defs\/([^"]+)"/g)].map(
          ([, name]) => name ?? '',
        );
        expect(Object.keys((schema.$defs ?? {}) as object)).toEqual(expect.arrayContaining(references));
        expect(stdout.match(/"\$ref"/g)?.length ?? 0).toBe(references.length);
      }),
  );
});

describe('wsdeliver validate', () => {
  it.concurrent('finds all bundled scenarios valid, by name and as a folder', () =>
    inTurn(async () => {
      const byName = await wsdeliver(['validate', ...BUNDLED]);
      expect(byName).toMatchObject({ code: 0, stderr: '' });
      expect(byName.stdout.match(/: valid \(/g)).toHaveLength(BUNDLED.length);
      const asFolder = await wsdeliver(['validate', 'scenarios'], { cwd: ROOT });
      expect(asFolder.stdout.match(/: valid \(/g)).toHaveLength(BUNDLED.length);
    }));

  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (const [of, by] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh', 'hi'].map((pair) => pair.split(''))) {
    bomb.push(`${by}: &${by} [${Array(9).fill(`*${of}`).join(', ')}]`);
  }

  it.concurrent.each([
    ['empty', '', '1:1: Cannot read the scenario: the file is empty'],
    [
      'binary',
      Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 0xff, 0xfe]),
      ': Cannot read the scenario: it is not text',
    ],
    ['no-map', '- a\n- b\n', '1:1: Cannot read the scenario: it is a list'],
    ['no-yaml', 'name: small\nclients: [ { count: 3 }\n', ':2:23: '],
    ['tabs', 'server:\n\tdelivery: at-least-once\n', ':2:1: '],
    ['two-documents', 'name: a\n---\nname: b\n', ':2:1: '],
    ['deep', '['.repeat(5000), ':1:65: Cannot read the scenario: it is nested'],
    ['bomb', bomb.join('\n'), 'aliases'],
    ['alias-loop', 'name: small\nserver: &s { outbox: *s }\n', ':2:22: Cannot follow "*s"'],
    ['twice', 'name: a\nname: b\n', ':2:1: Cannot read "name" twice'],
    ['typo', 'name: small\nclinets: [{ count: 3 }]\n', ':2:1: Cannot read "clinets"'],
    [
      'deep-typo',
      'server:\n  outbox: { ackTimeot: 1s }\n',
      ':2:13: Cannot read "ackTimeot": "server.outbox" has no such key, did you mean "ackTimeout"?',
    ],
    ['no-unit', 'duration: { load: 10 }\n', ':1:19: '],
    ['no-clients', 'clients: [{ count: 0 }]\n', ':1:20: Cannot read "count" as "0"'],
    [
      'too-many-clients',
      'clients: [{ count: 10000000 }]\n',
      ':1:20: Cannot read "count" as "10000000": at most 200000 is wanted',
    ],
    ['no-fault', 'faults: [{ at: 1s, do: hlaf-open }]\n', 'did you mean "half-open"?'],
    ['no-metric', 'expect: { assert: ["latency.psh.p99 < 1s"] }\n', 'latency.push'],
    ['no-profile', 'faults: [{ at: 1s, clients: { profile: slwo }, do: reset }]\n', 'slwo'],
    ['no-target', 'target: http://example.com\n', 'ws://host:port/path is wanted'],
  ])('places what is wrong with the file %s', (name, content, message) =>
    inTurn(async () => {
      const file = folder.write(`${name}.yaml`, content);
      const { code, stdout, stderr } = await wsdeliver(['validate', file]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(message);
      expect(stderr).not.toMatch(/^ {4}at /m);
      for (const line of stderr.trimEnd().split('\n')) expect(line).toMatch(/\.yaml:\d+:\d+: Cannot \w+/);
    }),
  );

  it.concurrent('tells everything that is wrong with several files at once', () =>
    inTurn(async () => {
      const good = folder.write('good.yaml', smallScenario());
      const bad = folder.write('bad.yaml', 'seed: -1\nnmae: x\nduration: { load: 1 }\n');
      const worse = folder.write('worse.yaml', '');
      const { code, stdout, stderr } = await wsdeliver(['validate', good, bad, worse]);
      expect(code).toBe(2);
      expect(stdout).toContain('good.yaml: valid (30 clients, 0 faults, 1 assertions)');
      expect(stderr.trimEnd().split('\n')).toHaveLength(4);
    }));

  it.concurrent.each([
    ['a name that is near a bundled one', 'heathy-baseline', 'did you mean "healthy-baseline"?'],
    ['a name that is near nothing', 'qqqqqq', '"wsdeliver scenarios" lists those'],
    ['a folder without scenarios', join(ROOT, 'dist'), 'no file in it ends in .yaml or .yml'],
    ['a device without an end', '/dev/zero', '1048576'],
  ])('refuses %s', (_, name, message) =>
    inTurn(async () => {
      expect(await wsdeliver(['validate', name])).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining(message),
      });
    }),
  );
});
