import { say } from './console.ts';
import { ExitCode } from './exit.ts';

const EXIT_CODES: Readonly<Record<string, number>> = {
  SIGINT: ExitCode.interrupted,
  SIGTERM: ExitCode.terminated,
  SIGHUP: ExitCode.hungUp,
};

/** The first signal ends the work early, with a partial report; the second ends the process. */
export class Interrupt {
  readonly #controller = new AbortController();
  readonly #handler: (signal: NodeJS.Signals) => void;
  exitCode: number = ExitCode.interrupted;

  constructor() {
    this.#handler = (signal) => {
      if (this.#controller.signal.aborted) process.exit(this.exitCode);
      this.exitCode = EXIT_CODES[signal] ?? ExitCode.interrupted;
      say('Interrupted: gathering what is known so far (once more to leave at once)');
      this.#controller.abort();
    };
    for (const signal of Object.keys(EXIT_CODES)) process.on(signal, this.#handler);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  dispose(): void {
    for (const signal of Object.keys(EXIT_CODES)) process.off(signal, this.#handler);
  }
}
