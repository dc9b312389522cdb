import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { Folder, inTurn, RunningCommand, wsdeliver } from './command.ts';

const folder = new Folder();
afterAll(() => folder.remove());

describe('wsdeliver selftest', () => {
  it.concurrent('catches a variant, clears the correct build, and sees through its controls', () =>
    inTurn(async () => {
      const file = folder.file('selftest.json');
      const args = ['selftest', '--variant', 'misroute', '--seeds', '2', '--json', file];
      const { code, stdout } = await wsdeliver(args);
      expect(code).toBe(0);
      expect(stdout).toContain('✓ misroute');
      expect(stdout).toContain('The controls were detected');
      expect(stdout).toContain('PASS  1 of 1 caught, 0 false alarms in 2 seeds\n');
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
        schema: 'wsdeliver.selftest/1',
        exitCode: 0,
        variants: [{ name: 'misroute', seeds: 2, caught: 2, firstSeed: 1, falseAlarms: 0 }],
        controls: [{ seenThrough: true }, { seenThrough: true }],
        failures: [],
      });
    }));

  it.concurrent('tells what it has come to when it is interrupted, and calls it no pass', () =>
    inTurn(async () => {
      const command = new RunningCommand(['selftest', '--seeds', '2']);
      await command.shows(/self-test/);
      command.process.kill('SIGINT');
      const { code, stdout } = await command.outcome;
      expect(code).toBe(130);
      expect(stdout).toMatch(/^INTERRUPTED {2}\d+ of \d+ caught, 0 false alarms in 2 seeds$/m);
      expect(stdout).toContain('so the results above prove nothing');
    }));

  it.concurrent('knows which variant was meant', () =>
    inTurn(async () => {
      expect(await wsdeliver(['selftest', '--variant', 'misrout'])).toMatchObject({
        code: 2,
        stdout: '',
        stderr: 'Cannot find variant "misrout": there is none of this name, did you mean "misroute"?\n',
      });
    }));

  it.concurrent('says that its file is none before it begins', () =>
    inTurn(async () => {
      expect(await wsdeliver(['selftest', '--json', folder.path])).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining('it is a folder, a file is wanted'),
      });
    }));
});
