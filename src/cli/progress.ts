import { formatProgress, formatProgressLine, type ProgressState } from '../report/progress.ts';
import type { RunProgress } from '../run/run-progress.ts';
import { LiveLine } from './live-line.ts';

const RATE_WINDOW_MS = 1000;

/** Shows how a run goes on standard error: one line redrawn on a terminal, now and then a line elsewhere. */
export class ProgressDisplay {
  readonly #live: LiveLine | undefined;
  #phase = '';
  #service = '';
  #rates = { atMs: 0, published: 0, delivered: 0, publishedPerSec: 0, deliveredPerSec: 0 };

  constructor(options: { readonly quiet: boolean; readonly color: boolean }) {
    if (!options.quiet) this.#live = new LiveLine(options);
  }

  show(progress: RunProgress): void {
    const service = progress.starting?.service ?? '';
    const newPhase = progress.phase !== this.#phase || service !== this.#service;
    this.#service = service;
    this.#phase = progress.phase;
    this.#live?.draw((width) => {
      const state = this.#state(progress, performance.now());
      return width === undefined ? formatProgressLine(state) : formatProgress(state, width);
    }, newPhase);
  }

  /** Leaves nothing of the line behind. */
  stop(): void {
    this.#live?.stop();
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
      ...(progress.starting === undefined ? {} : { starting: progress.starting }),
    };
  }
}
