import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processState } from './process-state.ts';

/**
 * Helper processes: load workers, jobs of a simulation, shrinking. Each gives a sign of life twice a second. One that
 * falls silent is looked at from outside: a stopped one is lost at once, one that works on is left in peace however
 * long that takes, and one that does neither is lost after a while. A lost one is killed.
 */

/** How a process was lost: a fact, of which the report makes a sentence. */
export type Loss =
  | { readonly code: 'process-exited'; readonly exitCode: number; readonly lastWords: string }
  | { readonly code: 'process-killed'; readonly signal: NodeJS.Signals; readonly lastWords: string }
  | { readonly code: 'process-unreachable'; readonly why: string }
  | { readonly code: 'process-stopped' | 'process-silent'; readonly silentMs: number };

/** How long a silence may be before the process is looked at, and then until one that does not work is lost. */
export interface Patience {
  readonly lookAfterMs: number;
  readonly idleMs: number;
}

const PATIENCE: Patience = { lookAfterMs: 2000, idleMs: 10_000 };
/** Once somebody waits for the end. */
const HURRY: Patience = { lookAfterMs: 500, idleMs: 2000 };
const TICK_MS = 250;
/** Time that one tick may count as silence: this process may have stood still itself. */
const TICK_MS_MAX = 500;
const STDERR_KEPT = 2000;
/** How long a process that can't be reached has to be found dead. */
const LAST_WORDS_MS = 1000;
/** How Node begins the line that says why it gave up; the line of code shown before may speak of errors as well. */
const UNCAUGHT = /^(?:FATAL|[A-Za-z]*Error\b)/;

/** A sign of life, which is for nobody. */
export const BEAT = { kind: 'beat' } as const;

const running = new Set<ChildProcess>();

/** Kills a process together with this one, however this one ends, unless it is killed itself. */
export function keepUntilExit(child: ChildProcess): void {
  if (running.size === 0) process.on('exit', killAll);
  running.add(child);
  child.once('close', () => {
    running.delete(child);
    if (running.size === 0) process.off('exit', killAll);
  });
}

/** SIGKILL ends stopped processes as well. */
function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** The file of a script that lies beside a module, in whichever form the module runs. */
export function scriptBeside(moduleUrl: string, name: string): string {
  return fileURLToPath(new URL(`./${name}${extname(moduleUrl)}`, moduleUrl));
}

/** A process of our own, forked and listened to until it has ended or is given up. */
export class HelperProcess<Command extends object, Report extends object> {
  readonly #process: ChildProcess;
  readonly #onLost: (loss: Loss) => void;
  readonly #watch: NodeJS.Timeout;
  #patience = PATIENCE;
  #tickedMs = performance.now();
  #silentMs = 0;
  /** Part of the silence in which it has not worked. */
  #idleMs = 0;
  #cpu = '';
  #looking = false;
  #stderr = '';
  #over = false;

  /** @param options - `onLost` is called at most once, and never after `kill` */
  constructor(options: {
    readonly script: string;
    /** Flags of Node for it, beside those of this process. */
    readonly nodeFlags?: readonly string[];
    readonly onReport: (report: Report) => void;
    readonly onLost: (loss: Loss) => void;
  }) {
    this.#onLost = options.onLost;
    this.#process = fork(options.script, [], {
      execArgv: [...process.execArgv, ...(options.nodeFlags ?? [])],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    keepUntilExit(this.#process);
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-STDERR_KEPT);
    });
    this.#process.on('message', (message: typeof BEAT | Report) => {
      this.#silentMs = 0;
      this.#idleMs = 0;
      if (!this.#over && !isBeat(message)) options.onReport(message);
    });
    this.#process.on('error', (error) => this.#lose({ code: 'process-unreachable', why: error.message }));
    // Not at its exit: what it wrote last may still be on the way then.
    this.#process.on('close', (code, signal) =>
      this.#lose(
        signal === null
          ? { code: 'process-exited', exitCode: code ?? 0, lastWords: this.#lastWords }
          : { code: 'process-killed', signal, lastWords: this.#lastWords },
      ),
    );
    this.#watch = setInterval(() => this.#tick(), TICK_MS);
    this.#watch.unref();
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  send(command: Command): void {
    if (this.#over || !this.#process.connected) return;
    this.#process.send(command, (error) => {
      // Most likely it is dead, and how it died says more than a broken pipe.
      if (error === null) return;
      setTimeout(
        () => this.#lose({ code: 'process-unreachable', why: error.message }),
        LAST_WORDS_MS,
      ).unref();
    });
  }

  /** Gives it less time from now on: somebody waits. */
  hurry(): void {
    this.#patience = HURRY;
  }

  /** It is of no use any more. */
  kill(): void {
    this.#over = true;
    clearInterval(this.#watch);
    this.#process.kill('SIGKILL');
  }

  #lose(loss: Loss): void {
    if (this.#over) return;
    this.kill();
    this.#onLost(loss);
  }

  get #lastWords(): string {
    const lines = this.#stderr.trim().split('\n');
    return lines.find((line) => UNCAUGHT.test(line))?.trim() ?? '';
  }

  #tick(): void {
    const nowMs = performance.now();
    const passedMs = Math.min(nowMs - this.#tickedMs, TICK_MS_MAX);
    this.#tickedMs = nowMs;
    this.#silentMs += passedMs;
    this.#idleMs += passedMs;
    if (this.#silentMs < this.#patience.lookAfterMs || this.#looking) return;
    this.#looking = true;
    void this.#look().finally(() => {
      this.#looking = false;
    });
  }

  async #look(): Promise<void> {
    const state = await processState(this.pid);
    const silentMs = Math.round(this.#silentMs);
    // It may have been heard meanwhile.
    if (silentMs < this.#patience.lookAfterMs) return;
    if (state?.stopped === true) this.#lose({ code: 'process-stopped', silentMs });
    if (state !== undefined && (state.running || state.cpu !== this.#cpu)) this.#idleMs = 0;
    this.#cpu = state?.cpu ?? '';
    if (this.#idleMs >= this.#patience.idleMs) this.#lose({ code: 'process-silent', silentMs });
  }
}

function isBeat(message: object): message is typeof BEAT {
  return (message as { readonly kind?: unknown }).kind === BEAT.kind;
}

/** It did not die by itself. */
export function hangs(loss: Loss): loss is Extract<Loss, { readonly silentMs: number }> {
  return 'silentMs' in loss;
}
