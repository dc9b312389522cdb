import ora, { type Ora } from 'ora';
import { clip, line } from '../report/line.ts';
import { say } from './console.ts';

export const REDRAW_MS = 100;
const LINE_MS = 2000;
const SPINNER_WIDTH = 3;
const WIDTH_WITHOUT_TERMINAL = 80;

/**
 * How far a command is, on standard error: one line redrawn on a terminal, now and then a line elsewhere.
 *
 * A caller that computes without a pause has to return to the event loop now and then, or nothing is drawn.
 */
export class LiveLine {
  readonly #spinner: Ora | undefined;
  readonly #leave = (): void => this.stop();
  #shownMs = Number.NEGATIVE_INFINITY;

  constructor(options: { readonly color: boolean }) {
    const { CI, TERM } = process.env;
    if (process.stderr.isTTY !== true || CI !== undefined || TERM === 'dumb') return;
    this.#spinner = ora({ discardStdin: false, color: options.color ? 'cyan' : false });
    process.on('exit', this.#leave);
  }

  show(text: string): void {
    this.draw((width) =>
      width === undefined
        ? text
        : clip(line(text), width)
            .map((part) => part.text)
            .join(''),
    );
  }

  /**
   * @param text - gives the line for so many columns, or for a log where the width is undefined
   * @param atOnce - without waiting for its turn, as when something new begins
   */
  draw(text: (width: number | undefined) => string, atOnce = false): void {
    const nowMs = performance.now();
    if (!atOnce && nowMs - this.#shownMs < (this.#spinner === undefined ? LINE_MS : REDRAW_MS)) return;
    this.#shownMs = nowMs;
    if (this.#spinner === undefined) {
      say(text(undefined));
      return;
    }
    this.#spinner.text = text((process.stderr.columns ?? WIDTH_WITHOUT_TERMINAL) - SPINNER_WIDTH);
    if (!this.#spinner.isSpinning) this.#spinner.start();
  }

  /** Leaves nothing of the line behind. */
  stop(): void {
    this.#spinner?.stop();
    process.off('exit', this.#leave);
  }
}
