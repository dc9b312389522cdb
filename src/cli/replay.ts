import { join } from 'node:path';
import { worstExitCode } from '../delivery/severity.ts';
import { proportionOf } from '../measure/proportion.ts';
import { renderDocument, renderJson } from '../report/json.ts';
import { renderText } from '../report/text.ts';
import { headline } from '../report/wording/result.ts';
import { failureOf } from '../simulation/failure.ts';
import { type ReplayedRun, replay, type StoredRun } from '../simulation/replay.ts';
import { identityOf, isSame, resultViolations } from '../simulation/violation.ts';
import { runOnSockets } from './bench.ts';
import { print, printLine } from './console.ts';
import { ExitCode, UserError } from './exit.ts';
import { failureNames, historyBeside, writeFailure } from './failure-folder.ts';
import { Interrupt } from './interrupt.ts';
import { LiveLine } from './live-line.ts';
import { Outputs, reason } from './outputs.ts';
import { Adjuster } from './overrides.ts';
import { packageVersion } from './package-info.ts';
import { renderReplay, renderSocketReplay, type SocketRun, socketRunLine } from './replay-report.ts';
import { RunWatch } from './run-watch.ts';
import { readStored, type StoredFailure, toStoredRun } from './stored-failure.ts';
import { appearance } from './terminal.ts';

export interface ReplayOptions {
  /** Runs. */
  readonly repeat: number;
  readonly sockets?: boolean;
  readonly target?: string;
  readonly set?: readonly string[];
  readonly out?: string;
  readonly json?: string;
  readonly color?: boolean;
}

const SCHEMA = 'wsdeliver.replay/1';

/**
 * Runs a stored failure again and says whether it is still there.
 *
 * @returns the exit code, as of a run that shows what the file stores, or does not
 */
export async function replayFile(name: string, options: ReplayOptions): Promise<number> {
  const { target, set } = options;
  // What the environment says is of other runs: this one is to be as it was.
  const { overrides } = new Adjuster(
    { ...(target === undefined ? {} : { target }), ...(set === undefined ? {} : { set }) },
    {},
  );
  const stored = readStored(name, overrides);
  const onSockets = options.sockets === true || stored.world === 'real';
  const outputs = claimOutputs(stored, options, onSockets);
  const interrupt = new Interrupt();
  try {
    const replaying = new Replaying(stored, options, { interrupt, outputs });
    const exitCode = await (onSockets ? replaying.onSockets() : replaying.inVirtualTime());
    return interrupt.signal.aborted ? interrupt.exitCode : exitCode;
  } finally {
    interrupt.dispose();
  }
}

class Replaying {
  readonly #stored: StoredFailure;
  readonly #options: ReplayOptions;
  readonly #interrupt: Interrupt;
  readonly #outputs: Outputs;

  constructor(
    stored: StoredFailure,
    options: ReplayOptions,
    { interrupt, outputs }: { readonly interrupt: Interrupt; readonly outputs: Outputs },
  ) {
    this.#outputs = outputs;
    this.#stored = stored;
    this.#options = options;
    this.#interrupt = interrupt;
  }

  async inVirtualTime(): Promise<number> {
    const stored = toStoredRun(this.#stored);
    const look = appearance(this.#options);
    const runs = await this.#repeated(stored);
    const [first] = runs;
    if (first === undefined) throw new Error('the first run is not interrupted');
    const { violation } = first;
    const exitCode = exitCodeOf(first);
    const failure =
      violation === undefined
        ? undefined
        : failureOf(stored.subject, { ...first, violation }, packageVersion());
    print(renderReplay(stored, runs, { failure, exitCode }, look));
    const { out } = this.#options;
    if (out !== undefined && failure !== undefined)
      printLine(`Written: ${writeFailure(out, failure, this.#outputs)} and what belongs to it`);
    const alike = new Set(runs.map(({ run }) => run?.hash)).size === 1;
    return this.#ending(alike ? exitCode : ExitCode.internal, {
      world: 'virtual',
      outcome: first.outcome,
      hash: first.run?.hash,
      storedHash: stored.hash,
      divergence: first.divergence,
      violations: first.violations.map(identityOf),
      runs: runs.map(({ run, outcome }) => ({ reproduced: outcome !== 'gone', hash: run?.hash })),
    });
  }

  async onSockets(): Promise<number> {
    const { repeat } = this.#options;
    const look = appearance(this.#options);
    const runs: SocketRun[] = [];
    for (let at = 1; at <= repeat; at += 1) {
      const run = await this.#onSocketsOnce(at);
      if (this.#interrupt.signal.aborted) break;
      runs.push(run);
      if (repeat > 1) print(socketRunLine(run, { at, of: repeat }, look));
    }
    const shown = runs.filter(({ reproduced }) => reproduced);
    const counted = shown.length > 0 ? shown : runs;
    const exitCode = worstExitCode(counted.map((run) => run.exitCode)) ?? ExitCode.pass;
    if (runs.length > 0) print(renderSocketReplay(this.#stored, { runs, exitCode }, look));
    return this.#ending(exitCode, {
      world: 'real',
      ...(runs.length === 0 ? {} : { rate: proportionOf(shown.length, runs.length) }),
      runs: runs.map(({ reproduced, exitCode: code }) => ({ reproduced, exitCode: code })),
    });
  }

  /** In virtual time each run has to be like the first; that it is, is tried and not taken for granted. */
  async #repeated(stored: StoredRun): Promise<ReplayedRun[]> {
    const { repeat } = this.#options;
    const live = new LiveLine(appearance(this.#options));
    const runs = [replay(stored)];
    while (runs.length < repeat && !this.#interrupt.signal.aborted) {
      await new Promise<void>((resume) => setImmediate(resume));
      live.show(`run ${runs.length + 1} of ${repeat}`);
      runs.push(replay(stored));
    }
    live.stop();
    return runs;
  }

  async #onSocketsOnce(at: number): Promise<SocketRun> {
    const { repeat, out } = this.#options;
    const { violation, scenario } = this.#stored;
    const quiet = { quiet: false, ...this.#options };
    const result = await runOnSockets(this.#stored, quiet, {
      interrupt: this.#interrupt,
      watch: new RunWatch(false),
    });
    if (repeat === 1) print(renderText(result, appearance(this.#options)));
    if (out !== undefined) this.#write(runFile(out, scenario.name, at), renderJson(result));
    const failed = result.exitCode === ExitCode.delivery || result.exitCode === ExitCode.performance;
    const reproduced =
      violation === undefined
        ? failed
        : resultViolations(result, scenario.expect.allowReported).some((one) => isSame(one, violation));
    return { reproduced, exitCode: result.exitCode, summary: headline(result) };
  }

  #write(file: string, text: string): void {
    try {
      this.#outputs.write(file, text);
    } catch (error) {
      throw new UserError(`Cannot write "${file}": ${reason(error)}`, ExitCode.internal);
    }
  }

  #ending(exitCode: number, found: Record<string, unknown>): number {
    const { json } = this.#options;
    if (json === undefined) return exitCode;
    const { label, scenario, violation } = this.#stored;
    const head = { schema: SCHEMA, file: label, scenario: scenario.name, seed: scenario.seed, exitCode };
    this.#write(json, renderDocument({ ...head, violation, ...found }));
    return exitCode;
  }
}

/** What shows decides; what throws breaks every promise. */
function exitCodeOf({ run, violations }: ReplayedRun): number {
  if (run === undefined) return ExitCode.delivery;
  return violations.length === 0 && run.exitCode !== ExitCode.inconclusive ? ExitCode.pass : run.exitCode;
}

function claimOutputs(
  stored: StoredFailure,
  { out, json, repeat }: ReplayOptions,
  onSockets: boolean,
): Outputs {
  const { label, path, scenario } = stored;
  const outputs = new Outputs([path, historyBeside(label)]);
  if (json !== undefined) outputs.claim(json);
  if (out === undefined) return outputs;
  outputs.claimFolder(out);
  const runs = Array.from({ length: repeat }, (_, run) => runFile(out, scenario.name, run + 1));
  for (const file of onSockets ? runs : failureNames(out, scenario.name)) outputs.claim(file);
  return outputs;
}

function runFile(folder: string, scenario: string, run: number): string {
  return join(folder, `${scenario}-run-${run}.json`);
}
