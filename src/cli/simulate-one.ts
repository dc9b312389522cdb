import { renderJson } from '../report/json.ts';
import { renderText } from '../report/text.ts';
import { headline } from '../report/wording/result.ts';
import { blameOf } from '../simulation/blame.ts';
import { firstDivergence, HistoryRecording } from '../simulation/history.ts';
import { runSeed, type SeedRun } from '../simulation/seed-run.ts';
import { type SeedTask, subjectOf } from '../simulation/seed-task.ts';
import { violationsOf } from '../simulation/violation.ts';
import { assembleResult } from '../verdict/assemble.ts';
import type { Result } from '../verdict/result.ts';
import { print, printLine, say } from './console.ts';
import { ExitCode, UserError } from './exit.ts';
import { Interrupt } from './interrupt.ts';
import { keepFailures } from './kept-failures.ts';
import { Outputs } from './outputs.ts';
import { packageVersion } from './package-info.ts';
import { FILE_BYTES_MAX, readBytes } from './read-file.ts';
import type { SimulatableScenario, SimulateOptions } from './simulate-options.ts';
import { appearance } from './terminal.ts';
import { writeText } from './write-text.ts';

/** Bytes of an event that are shown. */
const EVENT_LENGTH_MAX = 200;

/**
 * Runs one seed of one scenario, with the full report of a run.
 *
 * @returns the exit code
 */
export async function simulateOne(
  [loaded, ...others]: readonly SimulatableScenario[],
  options: SimulateOptions,
): Promise<number> {
  const { json, hashes, history, compare, out } = options;
  if (loaded === undefined || others.length > 0)
    throw new UserError(
      `Cannot report ${others.length + 1} runs in full: one scenario is wanted with --seeds 1`,
    );
  const outputs = new Outputs([loaded.path, ...(compare === undefined ? [] : [compare])]);
  if (out !== undefined) outputs.claimFolder(out);
  for (const file of [json, hashes, history]) if (file !== undefined) outputs.claim(file);
  const known = compare === undefined ? undefined : readHistory(compare);
  const recording = history === undefined && known === undefined ? undefined : new HistoryRecording();
  const startedAt = new Date().toISOString();
  const startMs = performance.now();
  const explored = options.explore === true;
  const subject = subjectOf({ scenario: loaded.scenario, seed: loaded.scenario.seed, explore: explored });
  const run = runSeed({ ...subject, ...(recording === undefined ? {} : { newTap: recording.newTap }) });
  const wallMs = performance.now() - startMs;
  recording?.finish(run.findings);
  const result = resultOf(run, loaded, startedAt, explored);
  show(result, run, wallMs, loaded.notes, options);
  const lines = recording === undefined ? '' : `${recording.lines.join('\n')}\n`;
  const texts = [
    [json, renderJson(result)],
    [hashes, `${result.scenario.name} ${run.seed} ${run.hash}\n`],
    [history, lines],
  ] as const;
  const failed = texts.filter(([file, text]) => file !== undefined && !writeText(outputs, file, text));
  if (out !== undefined)
    await keepAll(
      run,
      { scenario: loaded.scenario, seed: run.seed, explore: explored },
      { folder: out, outputs },
    );
  if (known !== undefined && !isSameHistory(known, recording?.lines ?? [])) return ExitCode.internal;
  return result.exitCode === ExitCode.pass && failed.length > 0 ? ExitCode.internal : result.exitCode;
}

function resultOf(
  run: SeedRun,
  { label, sha256 }: SimulatableScenario,
  startedAt: string,
  explored: boolean,
): Result {
  const { record, findings } = run;
  const context = { file: label, sha256, version: packageVersion(), startedAt };
  return assembleResult(record, context, explored ? { ...findings, ...blameOf(findings) } : findings);
}

function show(
  result: Result,
  { hash, events }: SeedRun,
  wallMs: number,
  notes: readonly string[],
  options: SimulateOptions,
): void {
  if (options.quiet) {
    printLine(`${result.scenario.name}: ${headline(result)}`);
    return;
  }
  print(renderText(result, appearance(options)));
  printLine(...notes);
  printLine(`simulated in ${Math.round(wallMs)} ms, ${events} wire events, hash ${hash}`);
}

/** The first violation of each kind. */
async function keepAll(
  run: SeedRun,
  task: SeedTask,
  where: { readonly folder: string; readonly outputs: Outputs },
): Promise<void> {
  const interrupt = new Interrupt();
  try {
    const first = new Map(
      violationsOf(run)
        .toReversed()
        .map((violation) => [violation.kind, violation]),
    );
    const found = [...first.values()].map((violation) => ({ task, violation }));
    await keepFailures(found, { ...where, signal: interrupt.signal });
  } finally {
    interrupt.dispose();
  }
}

function readHistory(file: string): string[] {
  const bytes = readBytes({ label: file, path: file }, FILE_BYTES_MAX.history);
  return bytes.toString('utf8').trimEnd().split('\n');
}

/** Says where two histories part, if they do. */
function isSameHistory(known: readonly string[], now: readonly string[]): boolean {
  const divergence = firstDivergence(known, now);
  if (divergence === undefined) {
    printLine(`the same history, event by event (${known.length - 1} events)`);
    return true;
  }
  const { index, first, second } = divergence;
  say(`another history from event ${index + 1} on:`, `  then: ${shown(first)}`, `  now:  ${shown(second)}`);
  return false;
}

function shown(event: string | undefined): string {
  if (event === undefined) return 'nothing, it had ended';
  return event.length > EVENT_LENGTH_MAX ? `${event.slice(0, EVENT_LENGTH_MAX)}…` : event;
}
