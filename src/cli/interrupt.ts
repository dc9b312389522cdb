import { say } from './console.ts';
import { ExitCode } from './exit.ts';

/** The first signal ends the work early, with a partial report; the second ends the process. */
export class Interrupt {
  readonly #controller = new AbortController();
  readonly #handler: (signal: NodeJS.Signals) => void;
  exitCode: number = ExitCode.interrupted;

  constructor() {
    this.#handler = (signal) => {
      this.exitCode = signal === 'SIGTERM' ? ExitCode.terminated : ExitCode.interrupted;
      if (this.#controller.signal.aborted) process.exit(this.exitCode);
      say('Interrupted: gathering what is known so far (once more to leave at once)');
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
