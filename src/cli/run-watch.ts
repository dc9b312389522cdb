import type { RunningScenario } from '../run/scenario-run.ts';
import { deadLetterLines } from '../server/dead-letter-lines.ts';
import type { MetricsOptions } from '../server/metrics.ts';
import type { RunRecord } from '../verdict/run-record.ts';
import { MachineClock } from '../world/real/clock.ts';

/** Looks at the runs of one command from outside: for the metrics while they run, and for their dead letters. */
export class RunWatch {
  readonly #keepsDeadLetters: boolean;
  #running: RunningScenario | undefined;
  #deadLetterText = '';

  constructor(keepsDeadLetters: boolean) {
    this.#keepsDeadLetters = keepsDeadLetters;
  }

  /** Of the run that is under way, or of the one before until the next begins. */
  get metricsOptions(): Omit<MetricsOptions, 'clients'> {
    return {
      source: () => this.#running?.server,
      deduplicatedByClients: () => this.#running?.deduplicated() ?? 0,
    };
  }

  /** Of all runs that ended, one a line. */
  get deadLetterText(): string {
    return this.#deadLetterText;
  }

  started(running: RunningScenario): void {
    this.#running = running;
  }

  ended({ server, scenario }: RunRecord): void {
    if (!this.#keepsDeadLetters || server === undefined) return;
    this.#deadLetterText += deadLetterLines(server.deadLetters.after(0), new MachineClock(), scenario.name);
  }
}
