import type { DrainGoal } from '../delivery/drain-target.ts';
import type { ProcessLoss, Reason } from '../delivery/reason.ts';
import { HelperProcess, hangs, type Loss, scriptBeside } from '../world/real/child-process.ts';
import type { Clients, ClientsRecord } from './clients.ts';
import type { FleetCounts, FleetRecord, FleetStatus } from './fleet-record.ts';
import { Measures, type MeasuresRecord } from './measures.ts';
import type { PublishRequest, SettlePublish } from './publishing/way.ts';
import type { ProcessUse, WorkerAccount, WorkerCommand, WorkerReport } from './worker-messages.ts';

type SummedKey = 'ready' | 'probed' | 'gone' | 'unfinished' | 'progress' | 'handled' | 'deduplicated';

/** One load worker, seen from the coordinator. */
export interface LoadWorker extends WorkerAccount {
  status: FleetStatus | undefined;
  reports: number;
  /** The status is from after the drain began. */
  draining: boolean;
  record: FleetRecord | undefined;
  measures: MeasuresRecord | undefined;
  use: ProcessUse | undefined;
  /** How it was lost before its record came. */
  lost: ProcessLoss | undefined;
  /** Publishes that its clients were asked for and that are not settled. */
  readonly settles: Map<number, SettlePublish>;
}

interface Hand {
  readonly process: HelperProcess<WorkerCommand, WorkerReport>;
  readonly worker: LoadWorker;
}

type Job = Omit<Extract<WorkerCommand, { kind: 'job' }>, 'kind' | 'worker' | 'clients'>;

/** The clients of one run in processes of their own: started, told what to do, and noticed when they die. */
export class WorkerPool implements Clients {
  readonly #hands: Hand[] = [];
  /** Publishes that clients were asked for. */
  #published = 0;
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
      this.#start(job, clients);
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

  publishAs(client: number, request: PublishRequest, settle: SettlePublish): void {
    const hand = this.#hands[client % this.#workers];
    if (hand === undefined || hand.worker.lost !== undefined) {
      settle('rejected');
      return;
    }
    this.#published += 1;
    hand.worker.settles.set(this.#published, settle);
    hand.process.send({ kind: 'publish', id: this.#published, client, request });
  }

  isConnectionOpen(client: number, connection: number): boolean {
    const { record } = this.#hands[client % this.#workers]?.worker ?? {};
    const known = record?.clients.find((one) => one.client === client);
    return known?.connected === true && known.connections === connection;
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

  get reports(): number {
    return Math.min(...this.#live.map(({ reports }) => reports));
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
    for (const worker of this.#live) {
      if (worker.record !== undefined) continue;
      worker.lost = { code: 'record-missing' };
      this.#onTrouble({ code: 'worker-without-record', worker: worker.worker });
    }
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

  #start(job: Job, clients: readonly number[]): void {
    const number = this.#hands.length;
    const child = new HelperProcess<WorkerCommand, WorkerReport>({
      script: scriptBeside(import.meta.url, 'load-worker'),
      onReport: (report) => listen(worker, report),
      onLost: (loss) => this.#lose(worker, loss),
    });
    const worker: LoadWorker = {
      worker: number,
      pid: child.pid,
      clients,
      status: undefined,
      reports: 0,
      draining: false,
      record: undefined,
      measures: undefined,
      use: undefined,
      lost: undefined,
      settles: new Map(),
    };
    this.#hands.push({ process: child, worker });
    child.send({ kind: 'job', worker: number, clients, ...job });
  }

  #tellAll(command: WorkerCommand): void {
    for (const hand of this.#hands) if (hand.worker.lost === undefined) hand.process.send(command);
  }

  /** The run is ending: a hanging worker is given up sooner. */
  hurry(): void {
    for (const hand of this.#hands) hand.process.hurry();
  }

  /** Ends whatever still runs. */
  kill(): void {
    for (const hand of this.#hands) hand.process.kill();
  }

  /** A worker that has delivered its record may go. */
  #lose(lost: LoadWorker, loss: Loss): void {
    if (lost.record !== undefined) return;
    const { worker } = lost;
    lost.lost = loss;
    for (const settle of lost.settles.values()) settle('unknown');
    lost.settles.clear();
    this.#onTrouble(
      hangs(loss)
        ? { code: 'worker-hung', worker, stopped: loss.code === 'process-stopped', silentMs: loss.silentMs }
        : { code: 'worker-died', worker, how: loss },
    );
  }
}

function listen(worker: LoadWorker, message: WorkerReport): void {
  switch (message.kind) {
    case 'published': {
      const settle = worker.settles.get(message.id);
      worker.settles.delete(message.id);
      settle?.(message.status, message.connection);
      return;
    }
    case 'status':
      worker.status = message.status;
      worker.reports += 1;
      worker.draining = message.draining;
      return;
    case 'record':
      worker.record = message.record;
      worker.measures = message.measures;
      worker.use = message.use;
  }
}
