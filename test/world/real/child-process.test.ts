import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { HelperProcess, type Loss } from '../../../src/world/real/child-process.ts';

/** Real processes: each test takes as long as its helper is given to show a sign of life. */

const folder = mkdtempSync(join(tmpdir(), 'wsdeliver-child-'));
const helpers: HelperProcess<object, object>[] = [];
afterEach(() => {
  for (const helper of helpers.splice(0)) helper.kill();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TIMEOUT_MS = 30_000;

interface Helper {
  readonly helper: HelperProcess<object, object>;
  readonly lost: Promise<Loss>;
  readonly losses: readonly Loss[];
  readonly heard: Promise<object>;
}

/** A helper that runs this code, given up as soon as may be. */
function started(name: string, code: string): Helper {
  const script = join(folder, `${name}.mjs`);
  writeFileSync(script, code);
  const losses: Loss[] = [];
  let [onLost, onHeard]: [(loss: Loss) => void, (report: object) => void] = [() => {}, () => {}];
  const lost = new Promise<Loss>((resolve) => {
    onLost = resolve;
  });
  const heard = new Promise<object>((resolve) => {
    onHeard = resolve;
  });
  const helper = new HelperProcess<object, object>({
    script,
    onReport: (report) => onHeard(report),
    onLost: (loss) => {
      losses.push(loss);
      onLost(loss);
    },
  });
  helper.hurry();
  helpers.push(helper);
  return { helper, lost, losses, heard };
}

const BEATS = "setInterval(() => process.send({ kind: 'beat' }), 100); process.on('message', () => {});";
const READY = "process.send({ kind: 'ready' });";

describe('a helper process', () => {
  it('is lost with its exit code and the line that says why', async () => {
    const { lost } = started('throws', "throw new TypeError('a fault');");
    expect(await lost).toEqual({ code: 'process-exited', exitCode: 1, lastWords: 'TypeError: a fault' });
  });

  it('is lost with the signal that killed it', async () => {
    const { helper, heard, lost } = started('killed', `${BEATS}${READY}`);
    await heard;
    process.kill(helper.pid, 'SIGTERM');
    expect(await lost).toEqual({ code: 'process-killed', signal: 'SIGTERM', lastWords: '' });
  });

  it(
    'is lost soon when it is stopped, and killed',
    async () => {
      const { helper, heard, lost } = started('stopped', `${BEATS}${READY}`);
      await heard;
      process.kill(helper.pid, 'SIGSTOP');
      expect(await lost).toMatchObject({ code: 'process-stopped' });
      // A process that is gone can't be signalled; its status is collected a moment later.
      await expect.poll(() => exists(helper.pid)).toBe(false);
    },
    TIMEOUT_MS,
  );

  it(
    'is lost when it neither says anything nor works',
    async () => {
      const { heard, lost } = started('idle', `${READY} process.on('message', () => {});`);
      await heard;
      expect(await lost).toMatchObject({ code: 'process-silent' });
    },
    TIMEOUT_MS,
  );

  it(
    'is left in peace while it works, however long it is silent',
    async () => {
      const spin = 'const fromMs = Date.now(); while (Date.now() - fromMs < 5000);';
      const { heard, losses } = started('busy', `process.on('message', () => {}); ${spin} ${READY}`);
      // Silent for more than twice the time after which an idle one is given up.
      await heard;
      expect(losses).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it('is never lost once it was killed on purpose', async () => {
    const { helper, heard, losses } = started('done', `${BEATS}${READY}`);
    await heard;
    helper.kill();
    await expect.poll(() => exists(helper.pid)).toBe(false);
    expect(losses).toEqual([]);
  });

  it('hears nothing of signs of life', async () => {
    const { heard } = started('beats', `${BEATS} setTimeout(() => { ${READY} }, 350);`);
    expect(await heard).toEqual({ kind: 'ready' });
  });
});

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
