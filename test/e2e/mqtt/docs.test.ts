import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseResult } from '../../../src/verdict/read-result.ts';
import { Folder, inTurn, ROOT, wsdeliver } from '../command.ts';

/** What docs/mqtt.md shows, run as it stands there. */

const TIMEOUT_MS = 120_000;
const PAGE = readFileSync(join(ROOT, 'docs/mqtt.md'), 'utf8');
const PATH = [process.env.PATH ?? '', '/usr/sbin'].join(delimiter);
const folder = new Folder();

function block(kind: string, marker: string): string {
  const blocks = [...PAGE.matchAll(new RegExp(`\`\`\`${kind}\\n([\\s\\S]*?)\`\`\``, 'g'))];
  const found = blocks.find(([, text = '']) => text.includes(marker))?.[1];
  if (found === undefined) throw new Error(`docs/mqtt.md shows no ${kind} with ${marker}`);
  return found;
}

beforeAll(() => {
  try {
    execFileSync('mosquitto', ['-h'], { stdio: 'ignore', env: { ...process.env, PATH } });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new Error('Cannot test a broker: it is not installed, "apt-get install mosquitto" is wanted');
  }
  folder.write('mosquitto.conf.in', block('conf', 'protocol websockets'));
});
afterAll(() => folder.remove());

describe('docs/mqtt.md', () => {
  it.each(['broker-keeps-messages', 'broker-killed'])(
    'shows %s, which passes',
    (name) =>
      inTurn(async () => {
        const file = folder.write(`${name}.yaml`, block('yaml', `name: ${name}\n`));
        const json = folder.file(`${name}.json`);
        const { code, stdout, stderr } = await wsdeliver(['bench', file, '--json', json], {
          env: { PATH },
          cwd: folder.path,
        });
        expect([code, code === 0 ? '' : `${stdout}${stderr}`]).toEqual([0, '']);
        const { delivery, driver } = parseResult(readFileSync(json, 'utf8'), json);
        expect(driver).toBe('mqtt');
        expect(delivery.delivered).toBeGreaterThan(500);
      }),
    TIMEOUT_MS,
  );

  it(
    'shows what a clean start costs',
    () =>
      inTurn(async () => {
        const text = block('yaml', 'name: broker-keeps-messages\n')
          .replace('version: 5, qos: 1', 'version: 3.1.1, qos: 1, cleanStart: true')
          .replace('delivery: at-least-once', 'delivery: at-most-once')
          .replace('    - delivery.lost.silent == 0\n', '    - delivery.lost.silent > 0\n');
        const { code, stdout } = await wsdeliver(['bench', folder.write('clean.yaml', text)], {
          env: { PATH },
          cwd: folder.path,
        });
        expect([code, code === 0 ? '' : stdout]).toEqual([0, '']);
      }),
    TIMEOUT_MS,
  );
});
