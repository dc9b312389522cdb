import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseResult } from '../../src/verdict/read-result.ts';
import type { Result } from '../../src/verdict/result.ts';
import { Folder, ROOT, wsdeliver } from './command.ts';

const SCENARIOS = join(ROOT, 'scenarios/strangers');
const NAMES = readdirSync(SCENARIOS)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.replace('.yaml', ''));
const ENV = { PATH: `${process.env.PATH}:/usr/sbin` };
const folder = new Folder();
afterAll(() => folder.remove());

async function bench(name: string, file: string): Promise<Result> {
  const json = folder.file(`${name}.json`);
  const { stderr } = await wsdeliver(['bench', file, '--quiet', '--json', json], { env: ENV });
  try {
    return parseResult(readFileSync(json, 'utf8'), json);
  } catch {
    throw new Error(`There is no result: ${stderr}`);
  }
}

/** The servers are those that people install: mosquitto of Debian, socket.io and aedes of npm. */
describe('a known defect of a server', () => {
  it.each(NAMES)('shows in the scenario %s', async (name) => {
    const { verdict, reasons, defect, generator } = await bench(name, join(SCENARIOS, `${name}.yaml`));
    expect({ verdict, reasons: reasons.filter(({ code }) => code !== 'generator-late') }).toEqual({
      verdict: 'pass',
      reasons: [],
    });
    expect(defect).toMatchObject({ shown: true });
    expect(generator.connected).toBe(generator.asked);
  });

  it('makes the run inconclusive where it does not show, as behind a queue without a limit', async () => {
    const text = readFileSync(join(SCENARIOS, 'mosquitto-drops-acknowledged.yaml'), 'utf8');
    const file = folder.write(
      'unlimited.yaml',
      text.replace('allow_anonymous true', 'max_queued_messages 0\\nallow_anonymous true'),
    );
    const { verdict, exitCode, reasons, delivery } = await bench('unlimited', file);
    expect({ verdict, exitCode, silent: delivery.lost.silent }).toEqual({
      verdict: 'inconclusive',
      exitCode: 5,
      silent: 0,
    });
    const known = { code: 'defect-not-broken', of: 'mosquitto 2.0.11', seen: '2026-12-01' };
    expect(reasons.filter(({ code }) => code !== 'generator-late')).toEqual([
      { ...known, broken: 'silent-loss' },
      { ...known, broken: 'false-resume' },
    ]);
  });

  it('does not excuse another violation', async () => {
    const text = readFileSync(join(SCENARIOS, 'mosquitto-drops-acknowledged.yaml'), 'utf8');
    const file = folder.write(
      'other.yaml',
      text.replace('breaks: [silent-loss, false-resume]', 'breaks: [silent-loss]'),
    );
    const { exitCode, guarantee } = await bench('other', file);
    expect({ exitCode, status: guarantee.status }).toEqual({ exitCode: 3, status: 'fail' });
    expect(guarantee.reasons).toMatchObject([{ code: 'guarantee-broken', broken: 'false-resume' }]);
  });
});
