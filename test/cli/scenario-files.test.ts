import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUNDLED_SCENARIOS } from '../../src/cli/package-info.ts';
import { bundledNames, findScenarios, loadScenario } from '../../src/cli/scenario-files.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wsdeliver-scenarios-'));
  for (const name of ['b.yml', 'a.yaml', 'c.txt']) writeFileSync(join(folder, name), `name: ${name[0]}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('findScenarios', () => {
  it('takes a file as it is named, and a folder as its scenarios in order', () => {
    const file = join(folder, 'c.txt');
    expect(findScenarios([file]).map(({ label }) => label)).toEqual([file]);
    expect(findScenarios([folder]).map(({ label }) => label)).toEqual([
      join(folder, 'a.yaml'),
      join(folder, 'b.yml'),
    ]);
  });

  it('finds every bundled scenario by its name', () => {
    const names = bundledNames();
    expect(names).toContain('quickstart');
    expect(findScenarios(names).map(({ label }) => label)).toEqual(names);
  });

  it('says so of links in a circle and of a name that is too long', () => {
    const circle = join(folder, 'circle');
    symlinkSync('circle', circle);
    expect(() => findScenarios([circle])).toThrow(`Cannot read "${circle}": ELOOP: too many symbolic links`);
    rmSync(circle);
    expect(() => findScenarios(['x'.repeat(5000)])).toThrow('ENAMETOOLONG: name too long');
  });

  it.each([
    ['heathy-baseline', 'did you mean "healthy-baseline"?'],
    ['qqqqqq', '("wsdeliver scenarios" lists those)'],
  ])('cannot find %s', (name, hint) => {
    expect(() => findScenarios([name])).toThrow(hint);
  });
});

describe('loadScenario', () => {
  it('knows the file by its contents', () => {
    const path = join(BUNDLED_SCENARIOS, 'ci-smoke.yaml');
    const { scenario, sha256 } = loadScenario({ label: 'ci-smoke', path });
    expect(scenario.name).toBe('ci-smoke');
    expect(sha256).toBe(createHash('sha256').update(readFileSync(path)).digest('hex'));
  });

  it('names the override that spoils it', () => {
    const path = join(folder, 'a.yaml');
    const overrides = [{ path: 'seed', value: -1, origin: '--seed -1' }];
    expect(() => loadScenario({ label: 'a', path }, overrides)).toThrow(/^--seed -1: Cannot read "seed"/);
  });

  it('reads no more than a scenario can be long', () => {
    const path = join(folder, 'long.txt');
    writeFileSync(path, '#'.repeat(1_048_577));
    expect(() => loadScenario({ label: 'long', path })).toThrow(
      'Cannot read "long": it has more than 1048576 bytes',
    );
  });

  it('says why a file cannot be read', () => {
    expect(() => loadScenario({ label: 'gone', path: join(folder, 'gone') })).toThrow(
      /^Cannot read "gone": ENOENT/,
    );
  });
});
