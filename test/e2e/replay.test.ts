import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clearOnSend } from '../../src/mutants/clear-on-send.ts';
import { type FailureFiles, failureFiles } from '../../src/report/failure/files.ts';
import { type Failure, shrinkFailure } from '../../src/simulation/failure.ts';
import { attempt } from '../../src/simulation/subject.ts';
import { scenarioWithFaults } from '../simulation/many-faults.ts';
import { Folder, inTurn, wsdeliver } from './command.ts';

const folder = new Folder();
const TIMEOUT_MS = 60_000;

let failure: Failure;
let files: FailureFiles;
let file: string;

/** The same file without the build that it needs. */
function withoutVariant(): string {
  return files.yaml.replace(/^ *variant: .*\n/m, '');
}

/** As if no line had been broken. */
function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
}

beforeAll(() => {
  const subject = { scenario: scenarioWithFaults(3, 39), variant: clearOnSend };
  const [violation] = attempt(subject).violations;
  if (violation === undefined) throw new Error('the variant does nothing wrong');
  failure = shrinkFailure({ subject, violation, version: '1.2.3' });
  files = failureFiles(failure);
  file = folder.write('failure.yaml', files.yaml);
});
afterAll(() => folder.remove());

function test(name: string, run: () => Promise<void>): void {
  it(name, () => inTurn(run), TIMEOUT_MS);
}

describe('wsdeliver replay, in virtual time', () => {
  test('shows the failure again in another process, with the same hash, and exits with 3', async () => {
    const json = folder.file('again.json');
    const { code, stdout } = await wsdeliver(['replay', file, '--repeat', '3', '--json', json]);
    expect(code).toBe(3);
    expect(stdout).toMatch(/^✗ REPRODUCED {2}silent-loss/);
    expect(stdout).toContain(`bit for bit: the hash of the run is ${failure.found.hash}, as stored`);
    expect(stdout).toContain('all 3 runs are the same, bit for bit');
    expect(stdout).toContain('broken build clear-on-send');
    expect(readJson(json)).toMatchObject({
      schema: 'wsdeliver.replay/1',
      world: 'virtual',
      outcome: 'identical',
      hash: failure.found.hash,
      exitCode: 3,
    });
  });

  test('exits with 0 and says so when the failure is gone', async () => {
    const gone = folder.write('gone.yaml', withoutVariant());
    const { code, stdout } = await wsdeliver(['replay', gone]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^✓ NOT REPRODUCED {2}silent-loss/);
    expect(flat(stdout)).toContain(`${failure.found.hash} is stored`);
  });

  test('names the first difference from the history beside the file', async () => {
    const changed = folder.write('changed.yaml', files.yaml.replace(/^ *variant: .*\n/m, ''));
    folder.write('changed.history.txt', files.history);
    const { stdout } = await wsdeliver(['replay', changed]);
    expect(stdout).toMatch(/first difference, at event \d+: stored \d+\.\d{3}ms c0#\d/);
  });

  test('writes the failure as it is now into a folder', async () => {
    const out = folder.file('out');
    const { code, stdout } = await wsdeliver(['replay', file, '--out', out]);
    const [, written = ''] = /^Written: (\S+\.yaml)/m.exec(stdout) ?? [];
    expect(code).toBe(3);
    expect((await wsdeliver(['replay', written])).stdout).toContain(`${failure.found.hash}, as stored`);
    expect(existsSync(written.replace('.yaml', '.sequence.svg'))).toBe(true);
  });

  test('keeps to a narrow terminal, in ASCII where there is nothing else', async () => {
    const { stdout } = await wsdeliver(['replay', file], { env: { COLUMNS: '60', LC_ALL: 'POSIX' } });
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(60);
    expect(stdout).toMatch(/^[\n\x20-\x7e]+$/);
    expect(stdout).toContain('The diagram takes 80 columns');
  });
});

describe('wsdeliver replay, of a pipe', () => {
  test('reads it once, whether it brings a failure or a result', async () => {
    const plain = await wsdeliver(['replay', file]);
    const before = `mkfifo "${folder.file('pipe')}" && (cat "${file}" > "${folder.file('pipe')}" &)`;
    const piped = await wsdeliver(['replay', folder.file('pipe')], { before });
    expect(piped.code).toBe(3);
    // Beside the pipe there is no history to compare with, and a bit-for-bit replay needs none.
    expect(piped.stdout.split('\n')[0]).toBe(plain.stdout.split('\n')[0]);
  });

  test('gives one without an end up', async () => {
    for (const [command, bytes] of [
      ['replay', '67108864'],
      ['report', '67108864'],
    ] as const) {
      const { code, stderr } = await wsdeliver([command, '/dev/zero']);
      expect(stderr).toBe(
        `Cannot read "/dev/zero": it has more than ${bytes} bytes, at most that many are wanted\n`,
      );
      expect(code).toBe(2);
    }
  });
});

describe('wsdeliver replay, of what it can not replay', () => {
  test('a scenario with a mistake is told where, with exit 2', async () => {
    const wrong = folder.write('wrong.yaml', files.yaml.replace('kind: silent-loss', 'kind: silent-los'));
    const { code, stderr } = await wsdeliver(['replay', wrong]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/wrong\.yaml:\d+:\d+: Cannot read "kind" as "silent-los"/);
  });

  test('a scenario without a failure, a result file that is cut off, and a build that is not there', async () => {
    const unknown = folder.write('unknown.yaml', files.yaml.replace('variant: clear-on-send', 'variant: no'));
    const cut = folder.write('cut.json', '{\n  "schema": "wsdeliver.result/1",\n  "verdict"');
    for (const [name, message] of [
      ['quickstart', 'it stores no failure'],
      [unknown, 'no mutant is called "no"'],
      [cut, 'it is no JSON'],
    ] as const) {
      const { code, stderr } = await wsdeliver(['replay', name]);
      expect(stderr).toContain(message);
      expect(code).toBe(2);
    }
  });
});

describe('the file of a failure, on sockets', () => {
  test('is a valid scenario, and bench says what it claims', async () => {
    expect((await wsdeliver(['validate', file])).stdout).toContain('valid (1 clients');
    const json = folder.file('bench.json');
    const { code, stdout } = await wsdeliver(['bench', file, '--json', json]);
    expect(code).toBe(0);
    expect(flat(stdout)).toContain('found in a simulation of the broken build clear-on-send');
    expect(flat(stdout)).toContain('this run does not show it');
    expect(readJson(json)).toMatchObject({ scenario: { resolved: { found: { hash: failure.found.hash } } } });
  });

  test('is replayed with the rate at which it shows, by file and by result', async () => {
    const out = folder.file('runs');
    const json = folder.file('sockets.json');
    const args = ['--sockets', '--repeat', '2', '--out', out, '--json', json];
    const { code, stdout } = await wsdeliver([
      'replay',
      folder.write('plain.yaml', withoutVariant()),
      ...args,
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^run 1 of 2 .*\nrun 2 of 2 /);
    expect(flat(stdout)).toContain('between 0 % and 65.8 % of all such runs');
    expect(flat(stdout)).toContain('the interleaving is not');
    expect(readJson(json)).toMatchObject({ world: 'real', rate: { share: 0 }, runs: [{}, {}] });
    const result = folder.write(
      'any-name',
      readFileSync(`${out}/${failure.subject.scenario.name}-run-1.json`),
    );
    const again = await wsdeliver(['replay', result]);
    expect(flat(again.stdout)).toContain('shown by 0 of 1 run');
    expect(again.code).toBe(0);
  });

  test('shows a failure that does not depend on any interleaving each time', async () => {
    const wrong = folder.write(
      'wrong-claim.yaml',
      `name: wrong-claim
clients: [{ count: 1 }]
publish: [{ rate: 50/s }]
duration: { rampUp: 0s, warmUp: 0s, load: 300ms, settle: 2s }
expect: { assert: [delivery.published < 3] }
`,
    );
    const { code, stdout } = await wsdeliver(['replay', wrong, '--sockets', '--repeat', '2']);
    expect(code).toBe(3);
    expect(stdout).toContain('REPRODUCED  any failure');
    expect(flat(stdout)).toContain('shown by 2 of 2 runs: 100 %');
  });
});
