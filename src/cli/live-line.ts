import ora, { type Ora } from 'ora';
import { clip, line } from '../report/line.ts';
import { say } from './console.ts';

const REDRAW_MS = 100;
const LINE_MS = 2000;
const SPINNER_WIDTH = 3;
const WIDTH_WITHOUT_TERMINAL = 80;

/**
 * What a command is at, on standard error: one line redrawn on a terminal, now and then a line elsewhere.
 *
 * Whoever computes without a pause has to return to the event loop now and then, or nothing is drawn.
 */
export class LiveLine {
  readonly #spinner: Ora | undefined;
  #shownMs = Number.NEGATIVE_INFINITY;

  constructor(options: { readonly color: boolean }) {
    const { CI, TERM } = process.env;
    if (process.stderr.isTTY !== true || CI !== undefined || TERM === 'dumb') return;
    this.#spinner = ora({ discardStdin: false, color: options.color ? 'cyan' : false });
  }

  show(text: string): void {
    const nowMs = performance.now();
    if (nowMs - this.#shownMs < (this.#spinner === undefined ? LINE_MS : REDRAW_MS)) return;
    this.#shownMs = nowMs;
    if (this.#spinner === undefined) {
      say(text);
      return;
    }
    const width = (process.stderr.columns ?? WIDTH_WITHOUT_TERMINAL) - SPINNER_WIDTH;
    this.#spinner.text = clip(line(text), width)
      .map((part) => part.text)
      .join('');
    if (!this.#spinner.isSpinning) this.#spinner.start();
  }

  /** Leaves nothing of the line behind. */
  stop(): void {
    this.#spinner?.stop();
  }
}
