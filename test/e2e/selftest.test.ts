import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { VARIANTS } from '../../src/zoo/registry.ts';
import { Folder, inTurn, wsdeliver } from './command.ts';

const folder = new Folder();
afterAll(() => folder.remove());

describe('wsdeliver selftest', () => {
  it.concurrent('catches every variant, clears the correct build, and sees through its canaries', () =>
    inTurn(async () => {
      const file = join(folder.path, 'selftest.json');
      const { code, stdout } = await wsdeliver(['selftest', '--seeds', '1', '--json', file]);
      expect(code).toBe(0);
      expect(stdout).toContain(
        `PASS  ${VARIANTS.length} of ${VARIANTS.length} caught, 0 false alarms in 1 seed\n`,
      );
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
      const found = JSON.parse(readFileSync(file, 'utf8')) as Record<string, readonly unknown[]>;
      expect(found.variants).toHaveLength(VARIANTS.length);
      expect(found.canaries?.every((canary) => (canary as { seenThrough: boolean }).seenThrough)).toBe(true);
      expect(found.bundled?.length).toBeGreaterThan(30);
    }));

  it.concurrent('examines a single variant, and knows what a misspelt one was meant to be', () =>
    inTurn(async () => {
      const one = await wsdeliver(['selftest', '--variant', 'misroute', '--seeds', '2']);
      expect(one.stdout).toContain('PASS  1 of 1 caught, 0 false alarms in 2 seeds\n');
      expect(await wsdeliver(['selftest', '--variant', 'misrout'])).toMatchObject({
        code: 2,
        stdout: '',
        stderr: 'Cannot find variant "misrout": there is none of this name, did you mean "misroute"?\n',
      });
    }));

  it.concurrent("says before it begins that its file can't be written", () =>
    inTurn(async () => {
      expect(await wsdeliver(['selftest', '--json', folder.path])).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining('it is a folder, a file is wanted'),
      });
    }));
});
