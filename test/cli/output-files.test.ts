import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OutputFiles } from '../../src/cli/output-files.ts';

let folder: string;
const at = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wsdeliver-output-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Above the highest that a kernel gives to a process. */
const NO_PID = 4_194_305;

describe('OutputFiles', () => {
  it('leaves nothing behind of the check, and what was there as it was', () => {
    writeFileSync(at('old.json'), 'old');
    new OutputFiles({ json: at('old.json'), junit: at('new.xml') }, ['a'], []);
    expect(readFileSync(at('old.json'), 'utf8')).toBe('old');
    expect(existsSync(at('new.xml'))).toBe(false);
  });

  it('removes what a killed process left in the folder, and nothing of one that lives', () => {
    const minutesAgo = Date.now() / 1000 - 120;
    for (const pid of [NO_PID, process.ppid]) {
      writeFileSync(at(`.wsdeliver-${pid}.tmp`), 'half');
      utimesSync(at(`.wsdeliver-${pid}.tmp`), minutesAgo, minutesAgo);
    }
    new OutputFiles({ json: at('r.json') }, ['a'], []).writeOne('a', { json: '{}', html: '' });
    expect(readdirSync(folder).sort()).toEqual([`.wsdeliver-${process.ppid}.tmp`, 'r.json']);
  });

  it('leaves what was written a moment ago by a process that is not seen, as one of another container', () => {
    writeFileSync(at(`.wsdeliver-${NO_PID}.tmp`), 'in work');
    new OutputFiles({ json: at('r.json') }, ['a'], []).writeOne('a', { json: '{}', html: '' });
    expect(existsSync(at(`.wsdeliver-${NO_PID}.tmp`))).toBe(true);
  });

  it('makes the folder for results, with all that is above it', () => {
    const files = new OutputFiles({ out: at('x/y/z') }, ['a', 'b'], []);
    files.writeOne('a', { json: '{}', html: '' });
    expect(readFileSync(at('x/y/z/a.json'), 'utf8')).toBe('{}');
    expect(files.problems).toEqual([]);
  });

  it.each([
    [
      'two scenarios for one file',
      { json: 'r.json' },
      ['a', 'b'],
      'Cannot write 2 results to --json "r.json": use --out <folder>',
    ],
    [
      'two scenarios of one name',
      { out: 'out' },
      ['a', 'a'],
      'Cannot write to --out "out": two scenarios are named "a"',
    ],
  ])('refuses %s', (_, options, scenarios, message) => {
    expect(() => new OutputFiles(options, scenarios, [])).toThrow(message);
  });

  it('refuses a folder in the place of a file, and a file in the place of a folder', () => {
    writeFileSync(at('file'), '');
    expect(() => new OutputFiles({ markdown: folder }, ['a'], [])).toThrow(
      `Cannot write "${folder}": it is a folder`,
    );
    expect(() => new OutputFiles({ out: at('file') }, ['a'], [])).toThrow(
      `Cannot write to folder "${at('file')}": it is a file`,
    );
    expect(() => new OutputFiles({ out: at('file/below') }, ['a'], [])).toThrow(/ENOTDIR: not a directory$/);
  });

  it('keeps what could not be written after all as problems', () => {
    const files = new OutputFiles({ json: at('r.json'), html: at('r.html') }, ['a'], []);
    rmSync(folder, { recursive: true });
    files.writeOne('a', { json: '{}', html: '<html>' });
    expect(files.problems).toHaveLength(2);
    expect(files.problems[0]).toBe(
      `Cannot write "${at('r.json')}": ENOENT: no such file or directory; the report above is complete`,
    );
  });
});
