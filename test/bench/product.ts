import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runScenario } from '../../src/run/scenario-run.ts';
import { parseScenario } from '../../src/scenario/parse.ts';
import { assembleResult } from '../../src/verdict/assemble.ts';
import type { Result } from '../../src/verdict/result.ts';

const ROLE = 'PRODUCT_ROLE';

export interface ProductRun {
  readonly result: Result;
  /** From the first dial to the last welcome. */
  readonly connectMs: number;
  /** Messages handled over the whole run, and CPU time of all workers and of the server over load. */
  readonly clientCpuUsPerMessage: number;
  readonly serverCpuUsPerMessage: number;
}

interface ProductOptions {
  readonly yaml: string;
  readonly workers?: number;
}

/** Runs a scenario as `bench` does, from its text, in a process of its own: what ran before leaves no memory behind. */
export async function runProduct(
  yaml: string,
  options: { readonly workers?: number; readonly nodeFlags?: readonly string[] } = {},
): Promise<ProductRun> {
  const { nodeFlags = [], ...rest } = options;
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify({ yaml, ...rest })], {
    env: { ...process.env, [ROLE]: 'run' },
    execArgv: [...nodeFlags],
  });
  const exited = once(child, 'exit');
  const [run] = (await once(child, 'message')) as [ProductRun];
  await exited;
  return run;
}

/** @returns the CPU profiles of the server's process and of the load workers as well */
export async function profileProduct(
  yaml: string,
): Promise<{ readonly run: ProductRun; readonly profiles: readonly string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'wsdeliver-profile-'));
  try {
    const run = await runProduct(yaml, { nodeFlags: ['--cpu-prof', `--cpu-prof-dir=${folder}`] });
    const profiles = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    return { run, profiles };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function runHere({ yaml, ...options }: ProductOptions): Promise<ProductRun> {
  const outcome = parseScenario(yaml, { file: 'benchmark' });
  if (!outcome.ok) throw new Error(outcome.problems.map(({ message }) => message).join('\n'));
  const marks = new Map<string, number>();
  const startedAt = new Date().toISOString();
  const record = await runScenario({
    scenario: outcome.scenario,
    folder: '.',
    ...options,
    signal: new AbortController().signal,
    onProgress: ({ phase }) => marks.set(phase, marks.get(phase) ?? performance.now()),
  });
  const result = assembleResult(record, { file: 'benchmark', sha256: '', version: 'bench', startedAt });
  const perSec = Math.max(1, result.rate.delivered);
  const workersShare = result.generator.workers.reduce((sum, { cpuShare }) => sum + cpuShare, 0);
  return {
    result,
    connectMs: (marks.get('probe') ?? 0) - (marks.get('connect') ?? 0),
    clientCpuUsPerMessage: (workersShare * 1e6) / perSec,
    serverCpuUsPerMessage: ((result.generator.server?.cpuShare ?? 0) * 1e6) / perSec,
  };
}

if (process.env[ROLE] === 'run' && process.argv[1] === fileURLToPath(import.meta.url)) {
  const run = await runHere(JSON.parse(process.argv[2] ?? '{}') as ProductOptions);
  process.send?.(run, () => process.exit(0));
}
