import ora, { type Ora } from 'ora';
import { formatProgress, formatProgressLine, type ProgressState } from '../report/progress.ts';
import type { RunProgress } from '../run/run-progress.ts';
import { say } from './console.ts';

const REDRAW_MS = 100;
const LINE_MS = 2000;
const RATE_WINDOW_MS = 1000;
const SPINNER_WIDTH = 3;
const WIDTH_WITHOUT_TERMINAL = 80;

/** Shows how a run goes on standard error: one line redrawn on a terminal, now and then a line elsewhere. */
export class ProgressDisplay {
  readonly #spinner: Ora | undefined;
  readonly #quiet: boolean;
  readonly #leave = (): void => this.stop();
  #shownMs = Number.NEGATIVE_INFINITY;
  #phase = '';
  #rates = { atMs: 0, published: 0, delivered: 0, publishedPerSec: 0, deliveredPerSec: 0 };

  constructor(options: { readonly quiet: boolean; readonly color: boolean }) {
    this.#quiet = options.quiet;
    const redraws =
      !options.quiet &&
      process.stderr.isTTY === true &&
      process.env.CI === undefined &&
      process.env.TERM !== 'dumb';
    if (!redraws) return;
    this.#spinner = ora({ discardStdin: false, color: options.color ? 'cyan' : false });
    process.on('exit', this.#leave);
  }

  show(progress: RunProgress): void {
    if (this.#quiet) return;
    const nowMs = performance.now();
    const newPhase = progress.phase !== this.#phase;
    if (!newPhase && nowMs - this.#shownMs < (this.#spinner === undefined ? LINE_MS : REDRAW_MS)) return;
    this.#phase = progress.phase;
    this.#shownMs = nowMs;
    const state = this.#state(progress, nowMs);
    if (this.#spinner === undefined) {
      say(formatProgressLine(state));
      return;
    }
    const width = (process.stderr.columns ?? WIDTH_WITHOUT_TERMINAL) - SPINNER_WIDTH;
    this.#spinner.text = formatProgress(state, width);
    if (!this.#spinner.isSpinning) this.#spinner.start();
  }

  /** Leaves nothing of the line behind. */
  stop(): void {
    this.#spinner?.stop();
    process.off('exit', this.#leave);
  }

  #state(progress: RunProgress, nowMs: number): ProgressState {
    const sinceMs = nowMs - this.#rates.atMs;
    if (sinceMs >= RATE_WINDOW_MS) {
      const { published, delivered } = progress;
      const first = this.#rates.atMs === 0;
      const perSec = (now: number, before: number): number => (first ? 0 : ((now - before) * 1000) / sinceMs);
      this.#rates = {
        atMs: nowMs,
        published,
        delivered,
        publishedPerSec: perSec(published, this.#rates.published),
        deliveredPerSec: perSec(delivered, this.#rates.delivered),
      };
    }
    return {
      phase: progress.phase,
      elapsedMs: progress.elapsedMs,
      totalMs: progress.totalMs,
      clientsConnected: progress.connected,
      clientsAsked: progress.asked,
      publishedPerSec: this.#rates.publishedPerSec,
      deliveredPerSec: this.#rates.deliveredPerSec,
      outboxPending: progress.pending,
      pushP99Us: progress.pushP99Us,
      faultsActive: progress.faults,
    };
  }
}
