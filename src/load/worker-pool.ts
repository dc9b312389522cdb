import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DrainGoal } from '../delivery/drain-target.ts';
import type { Reason } from '../delivery/reason.ts';
import type { Clients, ClientsRecord } from './clients.ts';
import type { FleetCounts, FleetRecord, FleetStatus } from './fleet.ts';
import { Measures, type MeasuresRecord } from './measures.ts';
import type { ProcessUse, WorkerAccount, WorkerCommand, WorkerReport } from './worker-messages.ts';

const STDERR_KEPT = 2000;
/** How long a worker that can't be reached has to be found dead. */
const LAST_WORDS_MS = 1000;
/** How Node begins the line that says why it gave up; the line of code shown before may speak of errors as well. */
const UNCAUGHT = /^(?:FATAL|[A-Za-z]*Error\b)/;

type SummedKey = 'ready' | 'probed' | 'gone' | 'unfinished' | 'progress' | 'handled' | 'deduplicated';

/** One load worker, seen from the coordinator. */
export interface LoadWorker extends WorkerAccount {
  status: FleetStatus | undefined;
  /** The status is from after the drain began. */
  draining: boolean;
  record: FleetRecord | undefined;
  measures: MeasuresRecord | undefined;
  use: ProcessUse | undefined;
  /** Why it is gone before its record came. */
  lost: string | undefined;
}

interface Hand {
  readonly process: ChildProcess;
  readonly worker: LoadWorker;
  stderr: string;
}

type Job = Omit<Extract<WorkerCommand, { kind: 'job' }>, 'kind' | 'worker' | 'clients'>;

/** The clients of one run in processes of their own: started, told what to do, and noticed when they die. */
export class WorkerPool implements Clients {
  readonly #hands: Hand[] = [];
  readonly #job: () => Job;
  readonly #workers: number;
  readonly #clients: number;
  readonly #onTrouble: (trouble: Reason) => void;

  /** @param options - `job` is asked for when the workers are made: where the server listens is known then */
  constructor(options: {
    readonly job: () => Job;
    readonly workers: number;
    readonly clients: number;
    /** Hears of each worker that is lost. */
    readonly onTrouble: (trouble: Reason) => void;
  }) {
    this.#job = options.job;
    this.#workers = options.workers;
    this.#clients = options.clients;
    this.#onTrouble = options.onTrouble;
  }

  make(): void {
    const job = this.#job();
    for (let worker = 0; worker < this.#workers; worker += 1) {
      const clients: number[] = [];
      for (let client = worker; client < this.#clients; client += this.#workers) clients.push(client);
      this.#tell(this.#start(clients), { kind: 'job', worker, clients, ...job });
    }
  }

  get made(): boolean {
    return this.#live.every(({ status }) => status !== undefined);
  }

  connect(startUs: number): void {
    this.#tellAll({ kind: 'connect', startUs });
  }

  startLoad(fromUs: number, toUs: number): void {
    this.#tellAll({ kind: 'load', fromUs, toUs });
  }

  heal(): void {
    this.#tellAll({ kind: 'heal' });
  }

  startDrain(goals: readonly DrainGoal[]): void {
    this.#tellAll({ kind: 'drain', goals });
  }

  get draining(): boolean {
    return this.#live.every(({ draining }) => draining);
  }

  finish(): void {
    this.#tellAll({ kind: 'finish' });
  }

  get recorded(): boolean {
    return this.#live.every(({ record }) => record !== undefined);
  }

  get living(): number {
    return this.#live.reduce((sum, { clients }) => sum + clients.length, 0);
  }

  counts(): FleetCounts {
    // A worker that has not heard of the drain yet counts nothing as unfinished.
    const unfinished = this.draining ? this.sum('unfinished') : this.living;
    return {
      ready: this.sum('ready'),
      probed: this.sum('probed'),
      gone: this.sum('gone'),
      unfinished,
      progress: this.sum('progress'),
    };
  }

  toRecord(): ClientsRecord {
    const workers = this.#hands.map(({ worker }) => worker);
    const { scenario } = this.#job();
    const measures = new Measures(scenario.clients.length);
    for (const worker of workers) if (worker.measures !== undefined) measures.merge(worker.measures);
    for (const { worker, record } of this.#live)
      if (record === undefined) this.#onTrouble({ code: 'worker-without-record', worker });
    const failures = workers.map(({ status }) => status?.lastFailure ?? '');
    return {
      fleets: workers.flatMap(({ record }) => record ?? []),
      measures,
      workers,
      lastFailure: failures.find((text) => text !== '') ?? '',
    };
  }

  /** Over the clients of workers that are alive. */
  sum(key: SummedKey): number {
    return this.#live.reduce((sum, { status }) => sum + (status?.[key] ?? 0), 0);
  }

  /** What each worker that is alive said last. */
  get statuses(): readonly FleetStatus[] {
    return this.#live.flatMap(({ status }) => status ?? []);
  }

  get #live(): readonly LoadWorker[] {
    return this.#hands.map(({ worker }) => worker).filter(({ lost }) => lost === undefined);
  }

  #start(clients: readonly number[]): LoadWorker {
    const script = fileURLToPath(new URL(`./load-worker${extname(import.meta.url)}`, import.meta.url));
    const child = fork(script, [], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    const worker: LoadWorker = {
      worker: this.#hands.length,
      pid: child.pid ?? 0,
      clients,
      status: undefined,
      draining: false,
      record: undefined,
      measures: undefined,
      use: undefined,
      lost: undefined,
    };
    const hand = { process: child, worker, stderr: '' };
    this.#hands.push(hand);
    child.stderr?.on('data', (chunk: Buffer) => {
      hand.stderr = (hand.stderr + chunk.toString()).slice(-STDERR_KEPT);
    });
    child.on('message', (message) => listen(worker, message as WorkerReport));
    child.on('error', (error) => this.#lose(hand, error.message));
    // Not at its exit: what it wrote last may still be on the way then.
    child.on('close', (code, signal) =>
      this.#lose(hand, signal === null ? `exit code ${code}` : `killed by ${signal}`),
    );
    return worker;
  }

  #tell(worker: LoadWorker, command: WorkerCommand): void {
    const hand = this.#hands[worker.worker];
    if (hand === undefined || worker.lost !== undefined || !hand.process.connected) return;
    hand.process.send(command, (error) => {
      // Most likely it is dead, and how it died says more than a broken pipe.
      if (error !== null) setTimeout(() => this.#lose(hand, error.message), LAST_WORDS_MS).unref();
    });
  }

  #tellAll(command: WorkerCommand): void {
    for (const worker of this.#live) this.#tell(worker, command);
  }

  /** Ends whatever still runs. */
  kill(): void {
    for (const { process: child } of this.#hands) if (child.exitCode === null) child.kill('SIGKILL');
  }

  /** A worker that has delivered its record may go. */
  #lose(hand: Hand, why: string): void {
    const { worker } = hand;
    if (worker.record !== undefined || worker.lost !== undefined) return;
    const last = hand.stderr
      .trim()
      .split('\n')
      .find((line) => UNCAUGHT.test(line));
    worker.lost = last === undefined ? why : `${why}: ${last.trim()}`;
    this.#onTrouble({ code: 'worker-died', worker: worker.worker, why: worker.lost });
  }
}

function listen(worker: LoadWorker, message: WorkerReport): void {
  switch (message.kind) {
    case 'made':
      return;
    case 'status':
      worker.status = message.status;
      worker.draining = message.draining;
      return;
    case 'record':
      worker.record = message.record;
      worker.measures = message.measures;
      worker.use = message.use;
  }
}
