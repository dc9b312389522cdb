import { dirname } from 'node:path';
import { worstExitCode } from '../delivery/severity.ts';
import { renderHtml } from '../report/html.ts';
import { renderJson } from '../report/json.ts';
import { renderJunit } from '../report/junit.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { renderText } from '../report/text.ts';
import { headline } from '../report/wording/result.ts';
import { sentenceOf } from '../report/wording/sentence.ts';
import { startFailureSentences } from '../report/wording/service-start.ts';
import { atRate, CapacitySearch, totalRate } from '../run/capacity.ts';
import { measureSpeed } from '../run/machine-speed.ts';
import { TargetUnreachable } from '../run/phases.ts';
import { PreflightError } from '../run/preflight.ts';
import { DriverFileError, runScenario } from '../run/scenario-run.ts';
import { ServicesInterrupted } from '../run/service-start.ts';
import { adaptClients } from '../scenario/adapt.ts';
import { formatRate } from '../scenario/quantity.ts';
import { clientsOf } from '../scenario/timeline.ts';
import { ServiceStartError } from '../server/services/service-set.ts';
import { storedFailure } from '../simulation/claim.ts';
import { assembleResult } from '../verdict/assemble.ts';
import { cutShort } from '../verdict/cut-short.ts';
import type { Result } from '../verdict/result.ts';
import type { RunRecord } from '../verdict/run-record.ts';
import { ListenError } from '../world/real/listener.ts';
import { print, printLine, say } from './console.ts';
import { ExitCode, UserError } from './exit.ts';
import { Interrupt } from './interrupt.ts';
import { type MetricsFlags, openMetricsPort } from './metrics-port.ts';
import { OutputFiles } from './output-files.ts';
import type { Adjustments } from './overrides.ts';
import { packageVersion } from './package-info.ts';
import { ProgressDisplay } from './progress.ts';
import { RunWatch } from './run-watch.ts';
import { type LoadedScenario, loadScenarios } from './scenario-files.ts';
import { appearance } from './terminal.ts';

export interface BenchOptions extends Adjustments, MetricsFlags {
  readonly workers?: number;
  readonly out?: string;
  readonly json?: string;
  readonly junit?: string;
  readonly html?: string;
  readonly markdown?: string;
  readonly deadLetters?: string;
  readonly findCapacity?: boolean;
  readonly quiet?: boolean;
  readonly color?: boolean;
}

const METRICS_HOST = '127.0.0.1';

/**
 * Runs scenarios one after the other and reports each.
 *
 * @returns the exit code of the worst
 */
export async function bench(names: readonly string[], options: BenchOptions): Promise<number> {
  const loaded = loadScenarios(names, options);
  const files = new OutputFiles(
    options,
    loaded.map(({ scenario }) => scenario.name),
    loaded.map(({ path }) => path),
  );
  const watch = new RunWatch(options.deadLetters !== undefined);
  const metrics = await openMetricsPort(options, METRICS_HOST, watch.metricsOptions);
  const interrupt = new Interrupt();
  const results: Result[] = [];
  try {
    for (const scenario of loaded) {
      const run = options.findCapacity === true ? findCapacity : runAdapted;
      const result = await run(scenario, options, { interrupt, watch });
      results.push(result);
      show(result, options);
      files.writeOne(result.scenario.name, { json: renderJson(result), html: renderHtml(result) });
      if (interrupt.signal.aborted) break;
    }
  } finally {
    interrupt.dispose();
    await metrics?.close();
    // Scenarios that ran before one that could not run still get their files.
    if (results.length > 0)
      files.writeAll({
        junit: renderJunit(results),
        markdown: results.map(renderMarkdown).join('\n'),
        deadLetters: watch.deadLetterText,
      });
    say(...files.problems);
  }
  // A signal that comes after the last run has ended changes nothing of what it showed.
  const isCut = results.length < loaded.length || results.some(({ partial }) => partial === true);
  if (interrupt.signal.aborted && isCut) return interrupt.exitCode;
  const worst = worstExitCode(results.map(({ exitCode }) => exitCode)) ?? ExitCode.pass;
  return worst === ExitCode.pass && files.problems.length > 0 ? ExitCode.internal : worst;
}

/** What holds for all runs of one command. */
interface Bench {
  readonly interrupt: Pick<Interrupt, 'signal' | 'exitCode'>;
  readonly watch: RunWatch;
}

/** One run, with as many clients as the machine can take, where the scenario leaves that open. */
async function runAdapted(loaded: LoadedScenario, options: BenchOptions, bench: Bench): Promise<Result> {
  if (!loaded.scenario.adapt) return runOnSockets(loaded, options, bench);
  const speed = await measureSpeed();
  const scenario = { ...adaptClients(loaded.scenario, speed), adapt: false };
  const result = await runOnSockets({ ...loaded, scenario }, options, bench);
  return { ...result, adapted: { askedClients: clientsOf(loaded.scenario).count, speed } };
}

/** One run of a scenario on real sockets, with its progress. */
export async function runOnSockets(
  loaded: LoadedScenario,
  options: BenchOptions,
  { interrupt, watch }: Bench,
): Promise<Result> {
  const { color } = appearance(options);
  const display = new ProgressDisplay({ quiet: options.quiet === true, color });
  const startedAt = new Date().toISOString();
  let record: RunRecord;
  try {
    record = await runScenario({
      scenario: loaded.scenario,
      folder: dirname(loaded.path),
      ...(options.workers === undefined ? {} : { workers: options.workers }),
      onProgress: (progress) => display.show(progress),
      signal: interrupt.signal,
      onStart: (running) => watch.started(running),
    });
  } catch (error) {
    throw asUserError(error, interrupt.exitCode);
  } finally {
    display.stop();
  }
  watch.ended(record);
  const { label: file, sha256, scenario } = loaded;
  const result = assembleResult(record, { file, sha256, version: packageVersion(), startedAt });
  const whole = { ...result, reasons: [...result.reasons, ...storedFailure(scenario, result)] };
  return record.interrupted ? cutShort(whole, interrupt.exitCode) : whole;
}

/**
 * Runs a scenario again and again at other rates, until the highest that holds is known.
 *
 * @returns the result of the best run, with the curve
 */
async function findCapacity(loaded: LoadedScenario, options: BenchOptions, bench: Bench): Promise<Result> {
  const { scenario } = loaded;
  const first = totalRate(scenario);
  if (!Number.isFinite(first)) {
    throw new UserError(
      `Cannot find the capacity of "${scenario.name}": it publishes at rate max, a first rate is wanted`,
    );
  }
  const search = new CapacitySearch(first, scenario.duration.load);
  const results = new Map<number, Result>();
  for (let rate = search.nextRate(); rate !== undefined; rate = search.nextRate()) {
    const result = await runOnSockets({ ...loaded, scenario: atRate(scenario, rate) }, options, bench);
    const { signal, exitCode } = bench.interrupt;
    if (signal.aborted) return results.size === 0 ? result : cutShort(bestOf(results, search), exitCode);
    const step = search.add(result, rate);
    say(`${formatRate(Math.round(rate))}: ${step.why === undefined ? 'sustained' : sentenceOf(step.why)}`);
    results.set(rate, result);
  }
  return bestOf(results, search);
}

/** The run at the highest rate that held; the first one when none did. */
function bestOf(results: ReadonlyMap<number, Result>, search: CapacitySearch): Result {
  const capacity = search.outcome();
  const best = results.get(capacity.sustainablePerSec) ?? [...results.values()][0];
  if (best === undefined) throw new Error('a search for capacity has a first step');
  return { ...best, capacity };
}

function asUserError(error: unknown, interruptedCode: number): unknown {
  if (error instanceof ServiceStartError)
    return new UserError(startFailureSentences(error.failure), ExitCode.unreachable);
  if (error instanceof ServicesInterrupted)
    return new UserError(
      'Interrupted while services were starting: there is nothing to report',
      interruptedCode,
    );
  if (error instanceof TargetUnreachable) return new UserError(error.message, ExitCode.unreachable);
  if (error instanceof DriverFileError) return new UserError(error.message);
  if (error instanceof PreflightError || error instanceof ListenError) return new UserError(error.message);
  return error;
}

function show(result: Result, options: BenchOptions): void {
  if (options.quiet) printLine(`${result.scenario.name}: ${headline(result)}`);
  else print(renderText(result, appearance(options)));
}
