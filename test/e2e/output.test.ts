import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseResult } from '../../src/verdict/read-result.ts';
import type { Result } from '../../src/verdict/result.ts';
import { Folder, inTurn, type Outcome, wsdeliver } from './command.ts';
import { smallScenario } from './small-scenario.ts';

/** What a run writes and where, and which of several settings counts. */

const TIMEOUT_MS = 120_000;
const folder = new Folder();
const SMALL = folder.write(
  'small.yaml',
  smallScenario({ load: '600ms', faults: ['{ at: 200ms, do: drop }'] }),
);
const JSON_FILE = folder.file('small.json');
const ESCAPE = '\u001b';

let run: Outcome;

beforeAll(async () => {
  const [html, markdown] = [folder.file('small.html'), folder.file('small.md')];
  run = await wsdeliver(['bench', SMALL, '--json', JSON_FILE, '--html', html, '--markdown', markdown]);
}, TIMEOUT_MS);

afterAll(() => folder.remove());

function shown(name: string, test: () => Promise<void>): void {
  it.concurrent(name, () => inTurn(test), TIMEOUT_MS);
}

function widest(text: string): number {
  return Math.max(...text.split('\n').map((line) => [...line].length));
}

function resultOf(file: string): Result {
  return parseResult(readFileSync(file, 'utf8'), file);
}

describe('the report', () => {
  shown(
    'goes to standard output and progress to standard error, in plain lines where there is no terminal',
    async () => {
      expect(run.code).toBe(0);
      expect(run.stdout).toMatch(/^VERDICT/);
      expect(run.stdout + run.stderr).not.toContain(ESCAPE);
      for (const line of run.stderr.trimEnd().split('\n'))
        expect(line).toMatch(/^\[[a-z-]+ [\d./]+ s\] {2}\d/);
    },
  );

  shown('is the same when it is made again from the result file', async () => {
    expect(await wsdeliver(['report', JSON_FILE])).toEqual({ ...run, stderr: '' });
  });

  it.concurrent.each([40, 60, 80, 100, 140])(
    'is not wider than %d columns where that is what there is',
    (width) =>
      inTurn(async () => {
        const { stdout } = await wsdeliver(['report', JSON_FILE], { env: { COLUMNS: String(width) } });
        expect(widest(stdout)).toBeLessThanOrEqual(width);
      }),
    TIMEOUT_MS,
  );

  it.concurrent.each([
    ['no colours in a pipe', {}, [], false],
    ['colours where they are forced', { FORCE_COLOR: '1' }, [], true],
    ['no colours with NO_COLOR', { FORCE_COLOR: '1', NO_COLOR: '1' }, [], false],
    ['no colours with --no-color', { FORCE_COLOR: '1' }, ['--no-color'], false],
  ] as const)('has %s', (_, env, flags, colored) =>
    inTurn(async () => {
      const { stdout } = await wsdeliver(['report', JSON_FILE, ...flags], { env });
      expect(stdout.includes(ESCAPE)).toBe(colored);
    }),
  );

  shown('keeps to ASCII where the locale knows no more', async () => {
    const { stdout } = await wsdeliver(['report', JSON_FILE], { env: { LC_ALL: 'de_DE.ISO-8859-1' } });
    expect(stdout).toMatch(/^[\n -~]+$/);
  });

  shown('can be had in every format', async () => {
    const inFormat = async (format: string): Promise<string> => {
      const { code, stdout } = await wsdeliver(['report', JSON_FILE, '--format', format]);
      expect(code).toBe(0);
      return stdout;
    };
    expect(JSON.parse(await inFormat('json'))).toEqual(JSON.parse(readFileSync(JSON_FILE, 'utf8')));
    expect(await inFormat('junit')).toMatch(/^<\?xml [\s\S]*<testsuites[\s\S]*<\/testsuites>\s*$/);
    expect(await inFormat('markdown')).toBe(readFileSync(folder.file('small.md'), 'utf8'));
    expect(await inFormat('html')).toBe(readFileSync(folder.file('small.html'), 'utf8'));
  });

  it.concurrent.each([
    ['a file that is not there', 'nothing.json', 'ENOENT'],
    ['a folder', '.', 'EISDIR'],
    ['no JSON', 'small.yaml', 'it is no JSON'],
    ['JSON of another kind', 'other.json', 'it is not a wsdeliver.result/1 document'],
  ])('is refused for %s', (_, name, message) =>
    inTurn(async () => {
      folder.write('other.json', '{"schema":"something/1"}');
      const { code, stdout, stderr } = await wsdeliver(['report', name], { cwd: folder.path });
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^Cannot read "/);
      expect(stderr).toContain(message);
    }),
  );

  shown('is one line a scenario with --quiet, and nothing else', async () => {
    const { code, stdout, stderr } = await wsdeliver(['bench', SMALL, '--quiet']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^small: .+\n$/);
  });
});

describe('a file that cannot be written', () => {
  it.concurrent.each([
    ['is a folder', ['--json', '.'], 'Cannot write ".": it is a folder, a file is wanted'],
    [
      'stands in a folder that is not there',
      ['--html', 'no/where.html'],
      'Cannot write "no/where.html": ENOENT',
    ],
    [
      'stands in a folder that takes no files',
      ['--junit', '/proc/junit.xml'],
      'Cannot write "/proc/junit.xml": E',
    ],
    [
      'is a folder below a file',
      ['--out', 'small.yaml/out'],
      'Cannot write to folder "small.yaml/out": ENOTDIR',
    ],
    [
      'is a file where a folder is wanted',
      ['--out', 'small.yaml'],
      'Cannot write to folder "small.yaml": it is a file',
    ],
    [
      'is a folder that cannot be made',
      ['--out', '/proc/no/where'],
      'Cannot write to folder "/proc/no/where": E',
    ],
    [
      'would hold two results',
      ['ci-smoke', '--json', 'two.json'],
      'Cannot write 2 results to --json "two.json": use --out <folder>',
    ],
    [
      'would hold two scenarios of one name',
      ['small.yaml', '--out', 'out'],
      'two scenarios are named "small"',
    ],
  ])('because it %s is refused before the run', (_, flags, message) =>
    inTurn(async () => {
      const { code, stdout, stderr } = await wsdeliver(['bench', 'small.yaml', ...flags], {
        cwd: folder.path,
      });
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(message);
      expect(stderr.split('\n')).toHaveLength(2);
      expect(existsSync(folder.file('two.json'))).toBe(false);
    }),
  );
});

describe('a setting', () => {
  shown('of the environment goes before the file', async () => {
    const json = folder.file('environment.json');
    const env = {
      WSDELIVER_SEED: '2',
      WSDELIVER_CLIENTS: '10',
      WSDELIVER_RATE: '50/s',
      WSDELIVER_DURATION: '300ms',
    };
    await wsdeliver(['bench', SMALL, '--json', json], { env });
    const { scenario } = resultOf(json);
    expect(scenario.seed).toBe(2);
    expect(scenario.resolved).toMatchObject({
      clients: [{ count: 10 }],
      publish: [{ rate: 50, size: 64 }],
      duration: { load: 300, warmUp: 100 },
    });
  });

  shown('of a flag goes before the environment and the file, and leaves its neighbours alone', async () => {
    const json = folder.file('flags.json');
    const env = {
      WSDELIVER_SEED: '2',
      WSDELIVER_CLIENTS: '10',
      WSDELIVER_RATE: '1/s',
      WSDELIVER_DURATION: '30s',
    };
    const flags = ['--seed', '3', '--clients', '20', '--rate', '40/s', '--duration', '400ms'];
    const set = [
      '--set',
      'server.outbox={maxResend: 7}',
      '--set',
      'clients.0.rooms=[ticks, others]',
      '--set',
      'description=as asked',
    ];
    await wsdeliver(['bench', SMALL, '--json', json, ...flags, ...set], { env });
    const { scenario } = resultOf(json);
    expect(scenario).toMatchObject({ seed: 3, description: 'as asked' });
    expect(scenario.resolved).toMatchObject({
      clients: [{ count: 20, rooms: ['ticks', 'others'] }],
      publish: [{ rate: 40 }],
      duration: { load: 400 },
      server: { outbox: { maxResend: 7, ackTimeout: 300 } },
    });
  });

  it.concurrent.each([
    [
      'of a path that is not there',
      ['--set', 'server.outbox.ackTimeot=1s'],
      {},
      '--set server.outbox.ackTimeot=1s: Cannot read "ackTimeot": "server.outbox" has no such key, did you mean "ackTimeout"?',
    ],
    [
      'without a value',
      ['--set', 'seed'],
      {},
      'Cannot use --set "seed": <path>=<value> is wanted, as in seed=7',
    ],
    [
      'below a number',
      ['--set', 'seed.of=7'],
      {},
      '--set seed.of=7: Cannot read "seed" as a map: a whole number is wanted',
    ],
    [
      'without a unit',
      ['--duration', '5'],
      {},
      '--duration 5: Cannot read "5": a duration needs a unit, for example 5ms',
    ],
    ['of a rate that is none', ['--rate', 'fast'], {}, '--rate fast: Cannot read "fast"'],
    ['of no clients', ['--clients', '0'], {}, 'a whole number from 1 to 200000 is wanted'],
    ['of too many clients', ['--clients', '10000000'], {}, 'a whole number from 1 to 200000 is wanted'],
    [
      'of a target that is none',
      ['--target', 'http://localhost:80'],
      {},
      'it is no WebSocket address, ws://host:port/path is wanted',
    ],
    [
      'of a variable that is no number',
      [],
      { WSDELIVER_SEED: 'x' },
      'Cannot use WSDELIVER_SEED "x": a whole number is wanted',
    ],
    [
      'of a variable, which is named',
      [],
      { WSDELIVER_DURATION: '5' },
      'WSDELIVER_DURATION=5: Cannot read "5"',
    ],
    [
      'of a variable out of range',
      [],
      { WSDELIVER_CLIENTS: '10000000' },
      'WSDELIVER_CLIENTS=10000000: Cannot simulate',
    ],
  ])('%s is refused before the run', (_, flags, env, message) =>
    inTurn(async () => {
      const { code, stdout, stderr } = await wsdeliver(['bench', SMALL, ...flags], { env });
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(message);
      expect(stderr).not.toMatch(/^ {4}at |^\[/m);
    }),
  );
});
