import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { parseResult } from '../../src/verdict/read-result.ts';
import type { Result } from '../../src/verdict/result.ts';
import { Folder, inTurn, isGone, type Outcome, RunningCommand, until, wsdeliver } from './command.ts';
import { smallScenario } from './small-scenario.ts';

/** What becomes of a run in which something breaks that is no part of the scenario. */

const TIMEOUT_MS = 120_000;
const folder = new Folder();
afterAll(() => folder.remove());

const SMALL = folder.write('small.yaml', smallScenario());
/** Long enough that whatever a test does happens while messages flow, and never waited for. */
const LONG = folder.write(
  'long.yaml',
  smallScenario({
    name: 'long',
    load: '30s',
    assert: ['delivery.lost.silent == 0', 'delivery.delivered > 100000'],
  }),
);
const LOAD_SHOWN = /\[load 2\./;

function troubled(name: string, test: () => Promise<void>): void {
  it.concurrent(name, () => inTurn(test), TIMEOUT_MS);
}

function resultOf(file: string): Result {
  return parseResult(readFileSync(file, 'utf8'), file);
}

/** Makes code run before that of the command: with `worker`, in load workers, else in the coordinator. */
function injected(where: 'worker' | 'coordinator', code: string): { readonly env: Record<string, string> } {
  const condition = where === 'worker' ? 'process.send' : '!process.send';
  const script = `if (${condition}) { ${code} }`;
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(script)}`;
  return { env: { NODE_OPTIONS, TMPDIR: folder.path } };
}

/** It ended with a verdict about what was seen, and nothing of it is left. */
async function expectVerdict(
  command: RunningCommand,
  workers: readonly number[],
  reason: RegExp,
): Promise<Outcome> {
  const outcome = await command.outcome;
  expect(outcome).toMatchObject({
    code: 5,
    signal: undefined,
    stdout: expect.stringContaining('INCONCLUSIVE'),
  });
  expect(outcome.stdout.replaceAll(/\s+/g, ' ')).toMatch(reason);
  expect(outcome.stderr).not.toMatch(/^ {4}at /m);
  expect(workers.filter((pid) => !isGone(pid))).toEqual([]);
  return outcome;
}

describe('a load worker', () => {
  troubled('that is killed while messages flow leaves a verdict that says so', async () => {
    const file = folder.write('loses-one.yaml', smallScenario({ name: 'loses-one', load: '3s' }));
    const json = folder.file('loses-one.json');
    const command = new RunningCommand(['bench', file, '--workers', '2', '--json', json]);
    await command.shows(/\[load /);
    const workers = await command.workers();
    expect(workers).toHaveLength(2);
    process.kill(workers[0] ?? 0, 'SIGKILL');
    await expectVerdict(command, workers, /load worker \d died \(killed by SIGKILL\)/);
    const { generator, reasons } = resultOf(json);
    const how = { code: 'process-killed', signal: 'SIGKILL', lastWords: '' };
    expect(generator).toMatchObject({ workersLost: 1, asked: 30 });
    expect(generator.workers.map(({ lost }) => lost)).toContainEqual(how);
    expect(reasons).toContainEqual(expect.objectContaining({ code: 'worker-died', how }));
  });

  troubled('that was the only one takes the run to its end at once', async () => {
    const command = new RunningCommand(['bench', LONG]);
    await command.shows(/\[load /);
    const workers = await command.workers();
    for (const pid of workers) process.kill(pid, 'SIGKILL');
    await expectVerdict(command, workers, /load worker 0 died \(killed by SIGKILL\)/);
  });

  troubled('that dies before it has said anything is reported', async () => {
    const command = new RunningCommand(['bench', LONG]);
    const workers = await command.workers();
    for (const pid of workers) process.kill(pid, 'SIGKILL');
    await expectVerdict(command, workers, /load worker 0 died \(killed by SIGKILL\)/);
  });

  troubled('that fails by a fault of its own is reported with its message', async () => {
    const options = injected(
      'worker',
      "process.on('SIGUSR2', () => { throw new TypeError('a fault of our own'); })",
    );
    const command = new RunningCommand(['bench', LONG], options);
    await command.shows(/\[load /);
    const workers = await command.workers();
    for (const pid of workers) process.kill(pid, 'SIGUSR2');
    await expectVerdict(
      command,
      workers,
      /load worker 0 died \(exit code 1: TypeError: a fault of our own\)/,
    );
  });

  troubled('that cannot be started is reported', async () => {
    const options = injected('coordinator', "process.execPath = '/nonexistent/node'");
    const command = new RunningCommand(['bench', LONG], options);
    await expectVerdict(command, [], /load worker 0 died \(spawn \/nonexistent\/node ENOENT\)/);
  });
});

describe('a load worker that stands still', () => {
  /** Asserts what the clients of the hung worker spoil, and what they could never be owed. */
  const stalled = folder.write(
    'stalled.yaml',
    smallScenario({
      name: 'stalled',
      load: '6s',
      assert: [
        'saturation.outbox.pending.max < 5',
        'broadcast.ackTimeouts == 0',
        'delivery.lost.silent == 0',
      ],
    }),
  );

  troubled('is named within seconds, and nothing of it counts against the server', async () => {
    const json = folder.file('stalled.json');
    const command = new RunningCommand(['bench', stalled, '--workers', '2', '--json', json]);
    await command.shows(LOAD_SHOWN);
    const workers = await command.workers();
    process.kill(workers[0] ?? 0, 'SIGSTOP');
    const stoppedMs = performance.now();
    await until(() => isGone(workers[0] ?? 0));
    // Two seconds of silence, and a few for a busy machine.
    expect(performance.now() - stoppedMs).toBeLessThan(8000);
    await expectVerdict(command, workers, /load worker 0 hung \(stopped by a signal, silent for \d+\.\d s\)/);
    const { generator, anomalyCounts } = resultOf(json);
    expect(generator.workersLost).toBe(1);
    expect(anomalyCounts).toMatchObject({ stuck: 0, 'silent-loss': 0 });
  });

  troubled('does not keep an interrupted run waiting', async () => {
    const command = new RunningCommand(['bench', LONG]);
    await command.shows(LOAD_SHOWN);
    const workers = await command.workers();
    for (const pid of workers) process.kill(pid, 'SIGSTOP');
    const stoppedMs = performance.now();
    command.process.kill('SIGINT');
    const { code, stdout } = await command.outcome;
    expect(code).toBe(130);
    expect(stdout).toContain('load worker 0 hung');
    expect(performance.now() - stoppedMs).toBeLessThan(5000);
    expect(workers.filter((pid) => !isGone(pid))).toEqual([]);
  });
});

describe('the coordinator', () => {
  troubled('takes its load workers along when it is killed', async () => {
    const command = new RunningCommand(['bench', LONG, '--workers', '2']);
    await command.shows(/\[load /);
    const workers = await command.workers();
    expect(workers).toHaveLength(2);
    command.process.kill('SIGKILL');
    expect(await command.outcome).toMatchObject({ code: undefined, signal: 'SIGKILL' });
    await until(() => workers.every(isGone));
  });

  troubled('names a fault of its own as one, with exit code 1, and leaves no worker', async () => {
    const options = injected(
      'coordinator',
      "process.on('SIGUSR2', () => { throw new Error('a fault of our own'); })",
    );
    const command = new RunningCommand(['bench', LONG], options);
    await command.shows(/\[load /);
    const workers = await command.workers();
    expect(command.stderr).toMatch(/^\[start 0\.\d s\]/);
    command.process.kill('SIGUSR2');
    const { code, stderr } = await command.outcome;
    expect(code).toBe(1);
    expect(stderr).toContain('\nwsdeliver failed by a fault of its own: a fault of our own\n');
    await until(() => workers.every(isGone));
  });
});

describe('a signal', () => {
  it.concurrent.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    '%s ends the run with a partial report and exit code %d',
    (signal, exitCode) =>
      inTurn(async () => {
        const json = folder.file(`${signal}.json`);
        const command = new RunningCommand([
          'bench',
          LONG,
          SMALL,
          '--out',
          folder.file(signal),
          '--junit',
          json,
        ]);
        await command.shows(LOAD_SHOWN);
        const workers = await command.workers();
        command.process.kill(signal);
        const { code, stdout, stderr } = await command.outcome;
        expect(code).toBe(exitCode);
        expect(stderr).toContain('Interrupted: gathering what is known so far');
        expect(stdout).toContain('the run was interrupted');
        expect(stdout).toContain('DELIVERY');
        // The second scenario is not begun.
        expect(readdirSync(folder.file(signal))).toEqual(['long.json']);
        expect(readFileSync(json, 'utf8')).toContain('<testsuite');
        const result = resultOf(folder.file(`${signal}/long.json`));
        expect(result).toMatchObject({ partial: true, verdict: 'inconclusive', exitCode });
        expect(result.reasons[0]).toEqual({ code: 'interrupted' });
        expect(stdout).toContain(`exit ${exitCode}`);
        expect(stdout).not.toContain('PASS');
        expect(readFileSync(json, 'utf8')).toContain('interrupted before the end');
        expect(result.delivery.delivered).toBeGreaterThan(0);
        expect(workers.filter((pid) => !isGone(pid))).toEqual([]);
      }),
    TIMEOUT_MS,
  );

  troubled('before anything is connected ends the run as well', async () => {
    const command = new RunningCommand(['bench', LONG]);
    await command.shows(/\[start /);
    command.process.kill('SIGINT');
    expect(await command.outcome).toMatchObject({
      code: 130,
      stdout: expect.stringContaining('the run was interrupted'),
    });
  });

  troubled('that comes again ends the process at once', async () => {
    // A worker that stands still keeps the gathering waiting for a moment, and gets no signal but SIGKILL.
    const command = new RunningCommand(['bench', LONG]);
    await command.shows(LOAD_SHOWN);
    const workers = await command.workers();
    for (const pid of workers) process.kill(pid, 'SIGSTOP');
    command.process.kill('SIGINT');
    await command.shows(/Interrupted/);
    command.process.kill('SIGINT');
    expect(await command.outcome).toMatchObject({ code: 130, stdout: '' });
    await until(() => workers.every(isGone));
  });
});

describe('a machine that has too little of something', () => {
  troubled('open files: is told how many are needed before the run', async () => {
    const { code, stdout, stderr } = await wsdeliver(['bench', SMALL, '--clients', '1000'], {
      before: 'ulimit -n 256',
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/Cannot run 1000 clients: .* needs \d{4} open files, and the limit is 256/);
    expect(stderr).toMatch(/"ulimit -n \d{4}"/);
  });

  troubled('space on the disk: says so after the report, and does not pass', async () => {
    const { code, stdout, stderr } = await wsdeliver(['bench', SMALL, '--json', '/dev/full']);
    expect(code).toBe(1);
    expect(stdout).toContain('✓ PASS');
    expect(stderr).toMatch(/^Cannot write "\/dev\/full": ENOSPC: no space left on device/m);
  });

  troubled('space for its output: says so', async () => {
    const { code, stderr } = await wsdeliver(['schema'], { before: 'exec > /dev/full' });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'Cannot write to standard output: ENOSPC: no space left on device, write\n',
    });
  });
});

describe('a run', () => {
  troubled('leaves no file behind that it was not asked for', async () => {
    const [cwd, tmp] = [new Folder(), new Folder()];
    try {
      expect(await wsdeliver(['bench', SMALL], { cwd: cwd.path, env: { TMPDIR: tmp.path } })).toMatchObject({
        code: 0,
      });
      expect([...readdirSync(cwd.path), ...readdirSync(tmp.path)]).toEqual([]);
    } finally {
      cwd.remove();
      tmp.remove();
    }
  });

  troubled('goes on to its verdict when the reader of its report has gone', async () => {
    const json = folder.file('unread.json');
    const command = new RunningCommand(['bench', SMALL, '--json', json]);
    command.process.stdout?.destroy();
    const { code, stderr } = await command.outcome;
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/EPIPE|^ {4}at /m);
    expect(resultOf(json).verdict).toBe('pass');
  });
});
