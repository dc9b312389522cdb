import { drawTimeline } from '../report/failure/timeline.ts';
import { sentenceOf } from '../report/wording/sentence.ts';
import type { SeedTask } from '../simulation/seed-task.ts';
import { shrinkApart } from '../simulation/shrink-apart.ts';
import type { Violation } from '../simulation/violation.ts';
import { printLine, say } from './console.ts';
import { writeFailure } from './failure-folder.ts';
import { type LiveLine, REDRAW_MS } from './live-line.ts';
import type { Outputs } from './outputs.ts';
import { packageVersion } from './package-info.ts';

/** Spent on each failure at most. */
const LIMIT_MS = 20_000;
/** Failures of one command that are made small. */
const KEPT_MAX = 10;

/** A failure that was found, and what showed it. */
export interface FoundFailure {
  readonly task: SeedTask;
  readonly violation: Violation;
}

/**
 * Makes failures small, writes their files into a folder, and tells of each on standard output.
 *
 * @param signal - ends it with what has been written by then
 */
export async function keepFailures(
  found: readonly FoundFailure[],
  {
    folder,
    outputs,
    live,
    signal,
  }: {
    readonly folder: string;
    readonly outputs: Outputs;
    readonly live?: LiveLine;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  for (const { task, violation } of found.slice(0, KEPT_MAX)) {
    if (signal.aborted) return;
    const what = `${violation.kind} of seed ${task.seed}`;
    const redraw = setInterval(() => live?.show(`making it small: ${what}`), REDRAW_MS);
    const answer = await shrinkApart(
      { task, violation, version: packageVersion(), limitMs: LIMIT_MS },
      signal,
    );
    clearInterval(redraw);
    live?.stop();
    if (!('failure' in answer)) {
      const why =
        'lost' in answer ? `the process for it was lost (${sentenceOf(answer.lost)})` : answer.problem;
      say(`Cannot make ${what} small: ${why}`);
      continue;
    }
    const { failure } = answer;
    const file = writeFailure(folder, failure, outputs);
    printLine(`${what}, made small in ${failure.tries} runs: wsdeliver replay ${file}`);
    printLine(...drawTimeline(failure.trace, failure.violation).trimEnd().split('\n'), '');
  }
}
