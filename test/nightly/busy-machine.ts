import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { sentenceOf } from '../../src/report/wording/sentence.ts';
import { parseResult } from '../../src/verdict/read-result.ts';

/**
 * `npm run busy-machine [-- <name> …] [--rounds N] [--spinners N] [--cpu N]`: runs the bundled scenarios on one CPU
 * that other processes keep busy, and wants no run to fail. A run may pass there or prove nothing; that it blames the
 * server for what the machine did is the fault that this looks for. Takes half an hour; Linux only.
 */

const SCENARIOS = 'scenarios';
const COMMAND = 'dist/bin/wsdeliver.js';
/** Exit codes of a run that blames nobody. */
const BLAMELESS: ReadonlySet<number | null> = new Set([0, 5]);

interface Run {
  readonly name: string;
  readonly exitCode: number | null;
  readonly seconds: number;
  /** The first reason, or what the command said where there is no result. */
  readonly why: string;
}

/** Keeps one CPU busy until it is stopped. */
class Spinners {
  readonly #processes: readonly ChildProcess[];

  constructor(count: number, cpu: string) {
    this.#processes = Array.from({ length: count }, () =>
      spawn('taskset', ['-c', cpu, process.execPath, '-e', 'for (;;);'], { stdio: 'ignore' }),
    );
  }

  stop(): void {
    for (const spinner of this.#processes) spinner.kill('SIGKILL');
  }
}

const USAGE = 'Usage: npm run busy-machine [-- <scenario> …] [--rounds N] [--spinners N] [--cpu N]\n';

interface Wanted {
  readonly names: readonly string[];
  readonly rounds: number;
  readonly spinners: number;
  readonly cpu: string;
}

/** @throws {Error} for an option or a scenario that there is not */
function wantedOf(all: readonly string[]): Wanted {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '3' },
      spinners: { type: 'string', default: '2' },
      cpu: { type: 'string', default: '0' },
    },
  });
  for (const [name, value] of Object.entries(values)) {
    if (!/^\d+$/.test(value)) throw new Error(`Cannot read --${name} "${value}": a number is wanted`);
  }
  const unknown = positionals.find((name) => !all.includes(name));
  if (unknown !== undefined)
    throw new Error(`Cannot run "${unknown}": there is no such scenario in ${SCENARIOS}`);
  const { rounds, spinners, cpu } = values;
  const names = positionals.length === 0 ? all : positionals;
  return { names, rounds: Number(rounds), spinners: Number(spinners), cpu };
}

async function main(): Promise<number> {
  const all = readdirSync(SCENARIOS)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => basename(file, '.yaml'));
  let wanted: Wanted;
  try {
    wanted = wantedOf(all);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return 2;
  }
  if (spawnSync('taskset', ['--version']).error !== undefined) {
    process.stderr.write('Cannot make a busy machine: there is no taskset, util-linux is wanted\n');
    return 2;
  }
  const { names, rounds, cpu } = wanted;
  const spinners = new Spinners(wanted.spinners, cpu);
  process.once('exit', () => spinners.stop());
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const runs: Run[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const name of names) {
      const run = await runOnce(name, cpu);
      runs.push(run);
      process.stdout.write(
        `${round} ${name}: exit ${run.exitCode} after ${run.seconds.toFixed(1)} s  ${run.why}\n`,
      );
    }
  }
  spinners.stop();
  const failed = runs.filter(({ exitCode }) => !BLAMELESS.has(exitCode));
  const inconclusive = runs.filter(({ exitCode }) => exitCode === 5).length;
  process.stdout.write(`${runs.length} runs, ${inconclusive} inconclusive, ${failed.length} failed\n`);
  return failed.length === 0 ? 0 : 1;
}

async function runOnce(name: string, cpu: string): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'busy-machine-'));
  const file = join(folder, 'result.json');
  const began = performance.now();
  const command = [process.execPath, COMMAND, 'bench', name, '--quiet', '--json', file];
  const child = spawn('taskset', ['-c', cpu, ...command], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const seconds = (performance.now() - began) / 1000;
  const why = reasonsOf(file) ?? said.trim();
  rmSync(folder, { recursive: true });
  return { name, exitCode, seconds, why };
}

function reasonsOf(file: string): string | undefined {
  try {
    return parseResult(readFileSync(file, 'utf8'), file).reasons.map(sentenceOf).join(' | ');
  } catch {
    return undefined;
  }
}

process.exitCode = await main();
