import { renderHtml } from '../report/html.ts';
import { renderJson } from '../report/json.ts';
import { renderJunit } from '../report/junit.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { renderText } from '../report/text.ts';
import { headline } from '../report/wording.ts';
import { assembleResult } from '../run/assemble.ts';
import { PreflightError } from '../run/preflight.ts';
import type { Result } from '../run/result.ts';
import { type RunRecord, runScenario, TargetUnreachable } from '../run/scenario-run.ts';
import { ListenError } from '../world/real/listener.ts';
import { ExitCode, UserError } from './exit.ts';
import { OutputFiles } from './output-files.ts';
import { type Adjustments, adjust, fromEnvironment, overridesOf } from './overrides.ts';
import { packageVersion } from './package-info.ts';
import { ProgressDisplay } from './progress.ts';
import { findScenarios, type LoadedScenario, loadScenario } from './scenario-files.ts';
import { appearance } from './terminal.ts';

export interface BenchOptions extends Adjustments {
  readonly workers?: number;
  readonly out?: string;
  readonly json?: string;
  readonly junit?: string;
  readonly html?: string;
  readonly markdown?: string;
  readonly quiet?: boolean;
  readonly color?: boolean;
}

/** The most serious first. */
const GRAVITY = [ExitCode.delivery, ExitCode.performance, ExitCode.inconclusive, ExitCode.pass];

/**
 * Runs scenarios one after the other and reports each.
 *
 * @returns the exit code of the worst
 */
export async function bench(names: readonly string[], options: BenchOptions): Promise<number> {
  const loaded = loadAll(names.length === 0 ? ['quickstart'] : names, options);
  const files = new OutputFiles(options, loaded.map(({ scenario }) => scenario.name));
  const interrupt = new Interrupt();
  const results: Result[] = [];
  try {
    for (const scenario of loaded) {
      const result = await runOne(scenario, options, interrupt.signal);
      results.push(result);
      show(result, options);
      files.writeOne(result.scenario.name, { json: renderJson(result), html: renderHtml(result) });
      if (interrupt.signal.aborted) break;
    }
  } finally {
    interrupt.dispose();
    // What ran before a scenario that could not run is worth its files.
    if (results.length > 0) files.writeAll({ junit: renderJunit(results), markdown: results.map(renderMarkdown).join('\n') });
    for (const problem of files.problems) process.stderr.write(`${problem}\n`);
  }
  if (interrupt.signal.aborted) return interrupt.exitCode;
  const worst = GRAVITY.find((code) => results.some(({ exitCode }) => exitCode === code)) ?? ExitCode.pass;
  return worst === ExitCode.pass && files.problems.length > 0 ? ExitCode.internal : worst;
}

/** Every file is read and checked before the first one runs. */
function loadAll(names: readonly string[], options: BenchOptions): LoadedScenario[] {
  const adjustments = { ...fromEnvironment(process.env), ...options };
  const overrides = overridesOf(adjustments);
  const loaded: LoadedScenario[] = [];
  const problems: string[] = [];
  for (const file of findScenarios(names)) {
    try {
      const one = loadScenario(file, overrides);
      loaded.push({ ...one, scenario: adjust(one.scenario, adjustments) });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0) throw new UserError(problems.join('\n'));
  return loaded;
}

async function runOne(loaded: LoadedScenario, options: BenchOptions, signal: AbortSignal): Promise<Result> {
  const { color } = appearance(options);
  const display = new ProgressDisplay({ quiet: options.quiet === true, color });
  const startedAt = new Date().toISOString();
  let record: RunRecord;
  try {
    record = await runScenario({
      scenario: loaded.scenario,
      ...(options.workers === undefined ? {} : { workers: options.workers }),
      onProgress: (progress) => display.show(progress),
      signal,
    });
  } catch (error) {
    throw asUserError(error);
  } finally {
    display.stop();
  }
  return assembleResult(record, { file: loaded.label, sha256: loaded.sha256, version: packageVersion(), startedAt });
}

function asUserError(error: unknown): unknown {
  if (error instanceof TargetUnreachable) return new UserError(error.message, ExitCode.unreachable);
  if (error instanceof PreflightError || error instanceof ListenError) return new UserError(error.message);
  return error;
}

function show(result: Result, options: BenchOptions): void {
  if (options.quiet) process.stdout.write(`${result.scenario.name}: ${headline(result)}\n`);
  else process.stdout.write(renderText(result, appearance(options)));
}

/** The first signal ends the run early, with a partial report; the second ends the process. */
class Interrupt {
  readonly #controller = new AbortController();
  readonly #handler: (signal: NodeJS.Signals) => void;
  exitCode: number = ExitCode.interrupted;

  constructor() {
    this.#handler = (signal) => {
      this.exitCode = signal === 'SIGTERM' ? ExitCode.terminated : ExitCode.interrupted;
      if (this.#controller.signal.aborted) process.exit(this.exitCode);
      process.stderr.write('Interrupted: gathering what is known so far (once more to leave at once)\n');
      this.#controller.abort();
    };
    process.on('SIGINT', this.#handler);
    process.on('SIGTERM', this.#handler);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  dispose(): void {
    process.off('SIGINT', this.#handler);
    process.off('SIGTERM', this.#handler);
  }
}
