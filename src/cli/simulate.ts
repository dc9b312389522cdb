import { availableParallelism } from 'node:os';
import { worstExitCode } from '../delivery/severity.ts';
import { renderDocument } from '../report/json.ts';
import {
  formatSimulationProgress,
  lostJobText,
  renderSimulation,
  simulationHeadline,
} from '../report/simulation.ts';
import { obstacleToSimulation, withoutProcess } from '../run/simulatable.ts';
import { parseDuration } from '../scenario/quantity.ts';
import { Campaign } from '../simulation/campaign.ts';
import { type JobPoolOutcome, runJobs } from '../simulation/job-pool.ts';
import { type SimulationSummary, summarise } from '../simulation/summary.ts';
import { print, printLine } from './console.ts';
import { ExitCode, UserError } from './exit.ts';
import { Interrupt } from './interrupt.ts';
import { keepFailures } from './kept-failures.ts';
import { LiveLine, REDRAW_MS } from './live-line.ts';
import { Outputs } from './outputs.ts';
import { type LoadedScenario, loadScenarios } from './scenario-files.ts';
import { simulateOne } from './simulate-one.ts';
import type { SimulatableScenario, SimulateOptions } from './simulate-options.ts';
import { appearance } from './terminal.ts';
import { writeText } from './write-text.ts';

const SEEDS = 100;

/**
 * Runs seeds of scenarios in virtual time and reports each scenario.
 *
 * @returns the exit code of the worst
 */
export async function simulate(names: readonly string[], options: SimulateOptions): Promise<number> {
  const loaded = loadScenarios(names, options).map(simulatable);
  if (options.seeds === 1) return simulateOne(loaded, options);
  for (const flag of ['history', 'compare'] as const) {
    if (options[flag] !== undefined)
      throw new UserError(
        `Cannot use --${flag} for many seeds: a history is of one run, --seeds 1 is wanted`,
      );
  }
  return new Simulation(loaded, options).run();
}

function simulatable(loaded: LoadedScenario): SimulatableScenario {
  const obstacle = obstacleToSimulation(loaded.scenario);
  if (obstacle !== undefined) throw new UserError(`${loaded.label}: ${obstacle}`);
  const { scenario, omitted } = withoutProcess(loaded.scenario);
  const notes = omitted.map((text) => `not judged, since virtual time has no process: ${text}`);
  return { ...loaded, scenario, notes };
}

class Simulation {
  readonly #loaded: readonly SimulatableScenario[];
  readonly #options: SimulateOptions;
  readonly #campaigns: readonly Campaign[];
  readonly #jobs: number;
  readonly #asked: number | undefined;
  readonly #timeLimitMs: number | undefined;
  readonly #startMs = performance.now();
  readonly #outputs: Outputs;

  constructor(loaded: readonly SimulatableScenario[], options: SimulateOptions) {
    this.#loaded = loaded;
    this.#options = options;
    this.#campaigns = loaded.map(({ scenario }) => new Campaign(scenario, options.explore === true));
    this.#jobs = options.jobs ?? availableParallelism();
    this.#timeLimitMs = timeLimitMs(options.timeLimit);
    // With a limit of time alone, as many as it allows.
    this.#asked = options.seeds ?? (this.#timeLimitMs === undefined ? SEEDS : undefined);
    this.#outputs = new Outputs(loaded.map(({ path }) => path));
    if (options.out !== undefined) this.#outputs.claimFolder(options.out);
    for (const file of [options.json, options.hashes]) if (file !== undefined) this.#outputs.claim(file);
  }

  async run(): Promise<number> {
    const interrupt = new Interrupt();
    let summaries: SimulationSummary[];
    let written: boolean;
    try {
      const outcome = await this.#runJobs(interrupt.signal);
      summaries = this.#summaries(outcome, interrupt.signal.aborted ? interrupt.exitCode : undefined);
      this.#show(summaries);
      written = this.#write(summaries);
      await this.#keepFailures(interrupt.signal);
    } finally {
      interrupt.dispose();
    }
    if (interrupt.signal.aborted) return interrupt.exitCode;
    const worst = worstExitCode(summaries.map(({ exitCode }) => exitCode)) ?? ExitCode.pass;
    return worst === ExitCode.pass && !written ? ExitCode.internal : worst;
  }

  async #runJobs(signal: AbortSignal): Promise<JobPoolOutcome> {
    const { explore = false, quiet = false } = this.#options;
    const live = quiet ? undefined : new LiveLine(appearance(this.#options));
    const redraw = setInterval(() => live?.show(this.#progress()), REDRAW_MS);
    try {
      return await runJobs({
        scenarios: this.#loaded.map(({ scenario }) => scenario),
        explore,
        seeds: this.#loaded.map(({ scenario }) => ({
          from: scenario.seed,
          count: this.#asked ?? Number.MAX_SAFE_INTEGER - scenario.seed,
        })),
        jobs: this.#jobs,
        ...(this.#timeLimitMs === undefined ? {} : { timeLimitMs: this.#timeLimitMs }),
        signal,
        onReport: (scenario, report) => this.#campaigns[scenario]?.add(report),
      });
    } finally {
      clearInterval(redraw);
      live?.stop();
    }
  }

  #progress(): string {
    const sum = (of: (campaign: Campaign) => number): number =>
      this.#campaigns.reduce((total, campaign) => total + of(campaign), 0);
    const [only] = this.#campaigns.length === 1 ? this.#campaigns : [];
    return formatSimulationProgress({
      name: only?.scenario.name ?? `${this.#campaigns.length} scenarios`,
      done: sum(({ done }) => done),
      ...(this.#asked === undefined ? {} : { asked: this.#asked * this.#campaigns.length }),
      failed: sum(({ failed }) => failed),
      simulatedMs: sum(({ simulatedMs }) => simulatedMs),
      wallMs: performance.now() - this.#startMs,
    });
  }

  #summaries({ lost, timedOut }: JobPoolOutcome, interruptCode: number | undefined): SimulationSummary[] {
    const wallMs = performance.now() - this.#startMs;
    return this.#campaigns.map((campaign, index) => {
      const { label = '', scenario = campaign.scenario, notes = [] } = this.#loaded[index] ?? {};
      const missing = this.#asked !== undefined && campaign.done < this.#asked;
      return summarise(campaign, {
        file: label,
        fromSeed: scenario.seed,
        ...(this.#asked === undefined ? {} : { asked: this.#asked }),
        jobs: this.#jobs,
        wallMs,
        ...(interruptCode === undefined ? {} : { interruptCode }),
        notes: [
          ...lost.map(lostJobText),
          ...(interruptCode === undefined ? [] : ['interrupted']),
          ...(timedOut && missing
            ? [`the time was over after ${campaign.done} of ${this.#asked} seeds`]
            : []),
          ...notes,
        ],
        incomplete: lost.length > 0 || (missing && !timedOut) || campaign.done === 0,
        reproduce: (seed) => reproduceCommand(label, seed, this.#options),
      });
    });
  }

  #show(summaries: readonly SimulationSummary[]): void {
    for (const summary of summaries) {
      if (this.#options.quiet) {
        printLine(`${summary.scenario.name}: ${simulationHeadline(summary)}`);
      } else print(renderSimulation(summary, appearance(this.#options)));
    }
  }

  /** The first of each kind. */
  async #keepFailures(signal: AbortSignal): Promise<void> {
    const { out, explore = false, quiet = false } = this.#options;
    if (out === undefined) return;
    const found = this.#campaigns.flatMap(({ scenario, violations }) =>
      violations.map(({ of, firstSeed }) => ({
        task: { scenario, seed: firstSeed, explore },
        violation: of,
      })),
    );
    const live = quiet ? {} : { live: new LiveLine(appearance(this.#options)) };
    await keepFailures(found, { folder: out, outputs: this.#outputs, ...live, signal });
  }

  /** @returns whether everything that was asked for was written */
  #write(summaries: readonly SimulationSummary[]): boolean {
    const { json, hashes } = this.#options;
    const texts: readonly (readonly [string | undefined, () => string])[] = [
      [json, () => renderDocument(summaries.length === 1 ? summaries[0] : summaries)],
      [hashes, () => this.#hashLines()],
    ];
    let written = true;
    for (const [file, text] of texts)
      if (file !== undefined && !writeText(this.#outputs, file, text())) written = false;
    return written;
  }

  /** Scenario, seed, hash: equal on every machine and with every version of Node. */
  #hashLines(): string {
    return this.#campaigns
      .flatMap(({ scenario, reports }) =>
        reports.map(({ seed, hash = 'threw' }) => `${scenario.name} ${seed} ${hash}\n`),
      )
      .join('');
  }
}

function timeLimitMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const reading = parseDuration(text);
  if (!reading.ok) throw new UserError(`--time-limit ${text}: ${reading.problem}`);
  return reading.value;
}

/** The command that runs one seed alone, with the full report. */
function reproduceCommand(label: string, seed: number, options: SimulateOptions): string {
  const { explore, clients, rate, duration, set = [] } = options;
  return [
    `wsdeliver simulate ${quoted(label)} --seeds 1 --seed ${seed}`,
    ...(explore ? ['--explore'] : []),
    ...(clients === undefined ? [] : [`--clients ${clients}`]),
    ...(rate === undefined ? [] : [`--rate ${rate}`]),
    ...(duration === undefined ? [] : [`--duration ${duration}`]),
    ...set.map((assignment) => `--set ${quoted(assignment)}`),
  ].join(' ');
}

/** As a shell takes it. */
function quoted(text: string): string {
  return /^[\w./=:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
