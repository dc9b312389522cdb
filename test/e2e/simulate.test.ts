import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { parseScenario } from '../../src/scenario/parse.ts';
import { runTask } from '../../src/simulation/seed-task.ts';
import type { SimulationSummary } from '../../src/simulation/summary.ts';
import { parseResult } from '../../src/verdict/read-result.ts';
import { Folder, isGone, RunningCommand, wsdeliver } from './command.ts';
import { smallScenario } from './small-scenario.ts';

/** Seeds in virtual time, run as a user runs them. */

const folder = new Folder();
afterAll(() => folder.remove());

const TEXT = smallScenario({
  faults: [
    '{ at: 200ms, clients: { share: 50% }, do: drop }',
    '{ during: load, do: lose-acks, probability: 10% }',
  ],
});
const SMALL = folder.write('small.yaml', TEXT);
/** Loses what is still pending after a second away. */
const FAILING = folder.write(
  'failing.yaml',
  smallScenario({
    name: 'failing',
    server: '{ outbox: { maxPending: 2 } }',
    faults: ['{ at: 100ms, for: 800ms, clients: { count: 3 }, do: pause-reader }'],
    assert: ['delivery.lost.reported == 0'],
  }),
);

function hashesHere(explore: boolean, count: number): string {
  const outcome = parseScenario(TEXT, { file: 'small.yaml' });
  if (!outcome.ok) throw new Error('the small scenario is valid');
  const { scenario } = outcome;
  const seeds = Array.from({ length: count }, (_, index) => index + 1);
  return seeds.map((seed) => `small ${seed} ${runTask({ scenario, seed, explore }).hash}\n`).join('');
}

function summaryOf(file: string): SimulationSummary {
  return JSON.parse(readFileSync(file, 'utf8')) as SimulationSummary;
}

describe('simulate', () => {
  it.each([false, true])('runs the same seeds as any other process (explored: %s)', async (explore) => {
    const file = folder.file(`hashes-${explore}.txt`);
    const flags = explore ? ['--explore'] : [];
    const outcome = await wsdeliver(['simulate', SMALL, '--seeds', '12', '--hashes', file, ...flags]);
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining('PASS') });
    expect(readFileSync(file, 'utf8')).toBe(hashesHere(explore, 12));
  });

  it('comes to the same with one job as with three', async () => {
    const summaries = await Promise.all(
      ['1', '3'].map(async (jobs) => {
        const json = folder.file(`jobs-${jobs}.json`);
        const outcome = await wsdeliver([
          'simulate',
          SMALL,
          FAILING,
          '--seeds',
          '8',
          '--explore',
          '--jobs',
          jobs,
          '--json',
          json,
        ]);
        expect(outcome.stderr).not.toContain('at ');
        return JSON.parse(readFileSync(json, 'utf8')) as SimulationSummary[];
      }),
    );
    const [one, three] = summaries.map((list) => list.map(({ wallMs: _, jobs: __, ...rest }) => rest));
    expect(one).toHaveLength(2);
    expect(three).toEqual(one);
  });

  it('groups violations, and names the command that runs the first seed alone, which fails alike', async () => {
    const json = folder.file('failing.json');
    const outcome = await wsdeliver(['simulate', FAILING, '--seeds', '10', '--seed', '5', '--json', json]);
    expect(outcome.code).toBe(3);
    expect(outcome.stdout).toContain('10 of 10 seeds');
    const { violations, seeds } = summaryOf(json);
    expect(seeds).toEqual({ from: 5, asked: 10, done: 10 });
    expect(violations[0]).toMatchObject({ kind: 'reported-loss', seeds: 10, firstSeed: 5 });
    const [, ...words] = (violations[0]?.reproduce ?? '').split(' ');
    const alone = await wsdeliver(words);
    expect(alone).toMatchObject({ code: 3, stdout: expect.stringContaining('seed 5') });
  });

  it('says what was reached and what was not', async () => {
    const json = folder.file('reached.json');
    await wsdeliver(['simulate', SMALL, '--seeds', '5', '--json', json]);
    const seedsOf = (group: string, name: string): number | undefined =>
      summaryOf(json).coverage.find((point) => point.group === group && point.name === name)?.seeds;
    expect(seedsOf('faults', 'drop')).toBe(5);
    expect(seedsOf('welcome', 'resumed')).toBe(5);
    expect(seedsOf('connection', 'ended without a close frame')).toBe(5);
    expect(seedsOf('session', 'expired')).toBe(0);
    expect(seedsOf('faults', 'reset')).toBeUndefined();
    expect(seedsOf('upstream', 'asked')).toBeUndefined();
  });

  it('writes a result file of a single seed, and the same history twice', async () => {
    const [json, history] = [folder.file('one.json'), folder.file('one.txt')];
    const one = ['simulate', SMALL, '--seeds', '1', '--seed', '3'];
    const first = await wsdeliver([...one, '--json', json, '--history', history]);
    expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/hash [0-9a-f]{16}/) });
    expect(parseResult(readFileSync(json, 'utf8'), json)).toMatchObject({ simulated: true, verdict: 'pass' });
    const again = await wsdeliver([...one, '--compare', history]);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('the same history') });
    const other = await wsdeliver(['simulate', SMALL, '--seeds', '1', '--seed', '4', '--compare', history]);
    expect(other.code).toBe(1);
    expect(other.stderr).toMatch(/another history from event \d+ on:\n {2}then: \d.*\n {2}now: {2}\d/);
  });

  it('begins no seed once its time is over, and passes with what it has', async () => {
    const json = folder.file('limited.json');
    const outcome = await wsdeliver(['simulate', SMALL, '--time-limit', '500ms', '--json', json]);
    expect(outcome.code).toBe(0);
    expect(summaryOf(json).seeds.done).toBeGreaterThan(0);
  });

  it('reports jobs that died, with what they were running', async () => {
    const json = folder.file('died.json');
    const flags = ['--seeds', '1000000', '--jobs', '2', '--json', json];
    const command = new RunningCommand(['simulate', SMALL, ...flags]);
    const jobs = await command.workers();
    await command.shows(/[1-9]\d*\/1.000.000 seeds/);
    for (const pid of [...jobs, ...(await command.workers())]) if (!isGone(pid)) process.kill(pid, 'SIGKILL');
    expect(await command.outcome).toMatchObject({ code: 5, stdout: expect.stringContaining('INCONCLUSIVE') });
    const { notes, seeds } = summaryOf(json);
    expect(notes).toHaveLength(2);
    expect(notes[0]).toMatch(/^job \d died while running seeds? \d+.* \(killed by SIGKILL\)$/);
    expect(seeds.done).toBeGreaterThan(0);
  });

  it('gives up a job that is stopped, with what it was running', async () => {
    const json = folder.file('stopped.json');
    const flags = ['--seeds', '1000000', '--jobs', '2', '--time-limit', '6s', '--json', json];
    const command = new RunningCommand(['simulate', SMALL, ...flags]);
    await command.shows(/[1-9]\d*\/1.000.000 seeds/);
    const [stopped = 0] = await command.workers();
    process.kill(stopped, 'SIGSTOP');
    expect(await command.outcome).toMatchObject({ code: 5, stdout: expect.stringContaining('INCONCLUSIVE') });
    expect(summaryOf(json).notes).toContainEqual(
      expect.stringMatching(
        /^job \d hung while running seeds? \d+.* \(stopped by a signal, silent for \d\.\d s\)$/,
      ),
    );
    expect(isGone(stopped)).toBe(true);
  });

  it('is ended by Ctrl-C with what is known so far, and leaves no process', async () => {
    const command = new RunningCommand(['simulate', SMALL, '--seeds', '1000000', '--jobs', '2']);
    const jobs = await command.workers();
    await command.shows(/[1-9]\d*\/1.000.000 seeds/);
    command.process.kill('SIGINT');
    const outcome = await command.outcome;
    expect(outcome).toMatchObject({ code: 130, stdout: expect.stringContaining('interrupted') });
    expect(jobs.filter((pid) => !isGone(pid))).toEqual([]);
  });

  it.each([
    [['--set', 'target=ws://127.0.0.1:1'], /Cannot simulate "ws:/],
    [['--rate', 'max'], /Cannot simulate the rate "max"/],
    [['--time-limit', 'soon'], /--time-limit soon: Cannot read/],
    [['--history', 'x.txt'], /Cannot use --history for many seeds/],
  ])('refuses %s', async (flags, message) => {
    const outcome = await wsdeliver(['simulate', SMALL, ...flags]);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toMatch(message);
  });
});
