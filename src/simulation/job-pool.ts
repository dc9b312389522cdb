import type { ProcessLoss } from '../delivery/reason.ts';
import type { Scenario } from '../scenario/schema.ts';
import { HelperProcess, hangs, type Loss, scriptBeside } from '../world/real/child-process.ts';
import type { JobCommand, JobReport, Share } from './job-messages.ts';
import type { SeedReport } from './seed-task.ts';

/** Work handed out at a time: long enough to cost nothing, short enough to end soon and evenly. */
const SHARE_MS = 150;
/**
 * A run lives for some milliseconds. V8 takes what is alive at a collection for long-lived and allocates the next of its
 * kind in the old generation, where it keeps all that it refers to alive, run after run: a seventh of the CPU time.
 */
export const SEED_JOB_FLAGS = ['--no-allocation-site-pretenuring'];

export interface JobPoolOptions {
  readonly scenarios: readonly Scenario[];
  readonly explore: boolean;
  /** Of each scenario: this seed and those that follow. */
  readonly seeds: readonly { readonly from: number; readonly count: number }[];
  readonly jobs: number;
  /** Hands out nothing more once this time has passed; absent: until everything is done. */
  readonly timeLimitMs?: number;
  /** Ends all jobs at once. */
  readonly signal: AbortSignal;
  /** @param scenario - place of the scenario among those given */
  readonly onReport: (scenario: number, report: SeedReport) => void;
}

/** A job that died or hung. */
export interface LostJob {
  readonly job: number;
  /** Seeds that it was running; absent when it had not begun. */
  readonly seeds?: { readonly from: number; readonly count: number };
  readonly hung: boolean;
  readonly how: ProcessLoss;
}

/** How it ended. */
export interface JobPoolOutcome {
  readonly lost: readonly LostJob[];
  /** The time was over before the seeds were. */
  readonly timedOut: boolean;
}

interface Job {
  readonly number: number;
  readonly process: HelperProcess<JobCommand, JobReport>;
  share: Share | undefined;
}

/**
 * Runs the seeds of any number of scenarios in processes beside this one, which stays free to listen. Each seed gives
 * the same report in whichever job it runs.
 */
export function runJobs(options: JobPoolOptions): Promise<JobPoolOutcome> {
  return new JobPool(options).run();
}

class JobPool {
  readonly #options: JobPoolOptions;
  readonly #queue: Queue;
  readonly #jobs = new Set<Job>();
  readonly #lost: LostJob[] = [];
  readonly #startMs = performance.now();
  #timedOut = false;
  #settle: () => void = () => {};

  constructor(options: JobPoolOptions) {
    this.#options = options;
    this.#queue = new Queue(options.seeds);
  }

  async run(): Promise<JobPoolOutcome> {
    const { signal, jobs } = this.#options;
    await new Promise<void>((resolve) => {
      this.#settle = resolve;
      signal.addEventListener('abort', this.#abort);
      for (let number = 1; number <= Math.min(jobs, this.#queue.left); number += 1) this.#start(number);
      if (this.#jobs.size === 0) resolve();
    });
    signal.removeEventListener('abort', this.#abort);
    return { lost: this.#lost, timedOut: this.#timedOut };
  }

  readonly #abort = (): void => {
    for (const job of [...this.#jobs]) this.#release(job);
  };

  #start(number: number): void {
    const child = new HelperProcess<JobCommand, JobReport>({
      script: scriptBeside(import.meta.url, 'seed-job'),
      nodeFlags: SEED_JOB_FLAGS,
      onReport: (report) => this.#finished(job, report),
      onLost: (loss) => this.#lose(job, loss),
    });
    const job: Job = { number, process: child, share: undefined };
    this.#jobs.add(job);
    const { scenarios, explore } = this.#options;
    child.send({ kind: 'begin', scenarios, explore });
    this.#next(job);
  }

  #next(job: Job): void {
    const { timeLimitMs } = this.#options;
    const over = timeLimitMs !== undefined && performance.now() - this.#startMs >= timeLimitMs;
    job.share = over ? undefined : this.#queue.take();
    if (over && this.#queue.left > 0) this.#timedOut = true;
    if (job.share === undefined) this.#release(job);
    else job.process.send({ kind: 'run', share: job.share });
  }

  #finished(job: Job, { share, reports, tookMs }: JobReport): void {
    if (!this.#jobs.has(job)) return;
    this.#queue.took(share, tookMs);
    for (const report of reports) this.#options.onReport(share.scenario, report);
    this.#next(job);
  }

  /** A job without work goes. */
  #release(job: Job): void {
    this.#jobs.delete(job);
    job.process.kill();
    if (this.#jobs.size === 0) this.#settle();
  }

  #lose(job: Job, loss: Loss): void {
    const { number, share } = job;
    const seeds = share === undefined ? {} : { seeds: { from: share.fromSeed, count: share.count } };
    this.#lost.push({ job: number, ...seeds, hung: hangs(loss), how: loss });
    this.#release(job);
  }
}

/** What is still to be run, scenario by scenario, in shares of about the same time. */
class Queue {
  readonly #rest: { next: number; left: number; seedMs: number | undefined }[];

  constructor(seeds: JobPoolOptions['seeds']) {
    this.#rest = seeds.map(({ from, count }) => ({ next: from, left: count, seedMs: undefined }));
  }

  /** Seeds that nobody runs yet. */
  get left(): number {
    return this.#rest.reduce((sum, { left }) => sum + left, 0);
  }

  take(): Share | undefined {
    const scenario = this.#rest.findIndex(({ left }) => left > 0);
    const rest = this.#rest[scenario];
    if (rest === undefined) return undefined;
    const wanted = rest.seedMs === undefined ? 1 : Math.max(1, Math.floor(SHARE_MS / rest.seedMs));
    const count = Math.min(rest.left, wanted);
    const fromSeed = rest.next;
    rest.next += count;
    rest.left -= count;
    return { scenario, fromSeed, count };
  }

  took({ scenario, count }: Share, tookMs: number): void {
    const rest = this.#rest[scenario];
    if (rest !== undefined) rest.seedMs = Math.max(0.01, tookMs / count);
  }
}
