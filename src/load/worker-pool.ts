import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FleetRecord, FleetStatus } from './fleet.ts';
import type { MeasuresRecord } from './measures.ts';
import type { ProcessUse, WorkerAccount, WorkerCommand, WorkerReport } from './worker-messages.ts';

const STDERR_KEPT = 2000;
/** How long a worker that can't be reached has to be found dead. */
const LAST_WORDS_MS = 1000;
/** How Node begins the line that says why it gave up; the line of code shown before may speak of errors as well. */
const UNCAUGHT = /^(?:FATAL|[A-Za-z]*Error\b)/;

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

/** The load workers of one run: started, told what to do, listened to, and noticed when they die. */
export class WorkerPool {
  readonly #hands: Hand[] = [];
  readonly #onLost: (worker: LoadWorker) => void;

  constructor(onLost: (worker: LoadWorker) => void) {
    this.#onLost = onLost;
  }

  get workers(): readonly LoadWorker[] {
    return this.#hands.map(({ worker }) => worker);
  }

  get live(): readonly LoadWorker[] {
    return this.workers.filter(({ lost }) => lost === undefined);
  }

  start(clients: readonly number[]): LoadWorker {
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

  tell(worker: LoadWorker, command: WorkerCommand): void {
    const hand = this.#hands[worker.worker];
    if (hand === undefined || worker.lost !== undefined || !hand.process.connected) return;
    hand.process.send(command, (error) => {
      // Most likely it is dead, and how it died says more than a broken pipe.
      if (error !== null) setTimeout(() => this.#lose(hand, error.message), LAST_WORDS_MS).unref();
    });
  }

  tellAll(command: WorkerCommand): void {
    for (const worker of this.live) this.tell(worker, command);
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
    this.#onLost(worker);
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
