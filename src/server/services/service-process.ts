import { type ChildProcess, spawn } from 'node:child_process';
import { isGroupAlive, signalGroup } from './process-group.ts';
import type { WatchdogCommand } from './watchdog-process.ts';

/** One process of a service from its start to the end of its process group. */

const POLL_MS = 20;
/** After SIGKILL a group is over at once, unless its processes wait for a disk. */
const KILLED_MS = 2000;
/** What a process wrote last may still be on the way when it has ended. */
const LAST_WORDS_MS = 200;

export interface Launch {
  readonly words: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** How a process ended. */
export interface Exit {
  /** Absent when a signal ended it, or when it could not be started. */
  readonly code?: number;
  readonly signal?: string;
  /** Why it could not be started. */
  readonly problem?: string;
}

export class ServiceProcess {
  readonly exit: Promise<Exit>;
  /** Its end is wanted from now on: by a fault, or by the end of the run. */
  endIsWanted = false;
  readonly #child: ChildProcess;
  readonly #tell: (command: WatchdogCommand) => void;
  #exit: Exit | undefined;

  /** @param hear - gets its output streams */
  constructor(
    { words, cwd, env }: Launch,
    options: {
      readonly hear: (stream: NodeJS.ReadableStream | null) => void;
      readonly tellWatchdog: (command: WatchdogCommand) => void;
    },
  ) {
    const [file = '', ...args] = words;
    this.#tell = options.tellWatchdog;
    this.#child = spawn(file, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    if (this.#child.pid !== undefined) this.#tell({ kind: 'watch', group: this.#child.pid });
    options.hear(this.#child.stdout);
    options.hear(this.#child.stderr);
    this.exit = new Promise((resolve) => {
      const end = (exit: Exit): void => {
        this.#exit ??= exit;
        resolve(this.#exit);
      };
      this.#child.once('error', (error) => end({ problem: error.message }));
      this.#child.once('exit', (code, signal) => {
        const exit = signal === null ? { code: code ?? 0 } : { signal };
        // Not only at the close of its streams: its children may hold them open.
        const timer = setTimeout(end, LAST_WORDS_MS, exit);
        this.#child.once('close', () => {
          clearTimeout(timer);
          end(exit);
        });
      });
    });
  }

  /** 0 when it could not be started. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasExited(): boolean {
    return this.#exit !== undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.pid !== 0) signalGroup(this.pid, signal);
  }

  /** Ends it and all of its group: with a signal, and with SIGKILL when that does not help in time. */
  async end(signal: NodeJS.Signals, withinMs: number): Promise<void> {
    if (this.pid === 0) return;
    this.signal(signal);
    // A stopped process hears of nothing else before it goes on.
    this.signal('SIGCONT');
    if (!(await this.#isOver(signal === 'SIGKILL' ? KILLED_MS : withinMs))) {
      this.signal('SIGKILL');
      await this.#isOver(KILLED_MS);
    }
    this.#tell({ kind: 'forget', group: this.pid });
    // Children that left the group may hold the pipes open for ever.
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  async #isOver(withinMs: number): Promise<boolean> {
    const deadlineMs = performance.now() + withinMs;
    while (!this.hasExited || isGroupAlive(this.pid)) {
      if (performance.now() > deadlineMs) return false;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return true;
  }
}
