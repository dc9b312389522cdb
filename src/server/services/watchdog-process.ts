import { type ChildProcess, fork } from 'node:child_process';
import { scriptBeside } from '../../world/real/child-process.ts';

/** What the tool tells its watchdog of each process group. */
export interface WatchdogCommand {
  readonly kind: 'watch' | 'forget';
  readonly group: number;
}

const END_MS = 3000;

/** The tool's end of the watchdog: the pipe between them breaks when the tool dies. */
export class Watchdog {
  readonly #process: ChildProcess;

  /** @param mark - variable in the environment of every process of this run */
  constructor(mark: string) {
    this.#process = fork(scriptBeside(import.meta.url, 'watchdog'), [mark], {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    // Without it services still end with the run, unless the tool is killed.
    this.#process.on('error', () => {});
    this.#process.unref();
    this.#process.channel?.unref();
  }

  tell(command: WatchdogCommand): void {
    if (this.#process.connected) this.#process.send(command, () => {});
  }

  /** Ends it, once everything that it watches has ended. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, END_MS);
      this.#process.once('exit', () => {
        clearTimeout(timer);
        resolve();
      });
    });
    if (this.#process.connected) this.#process.disconnect();
    await gone;
  }
}
