import { CONTROLS, isDetected } from '../mutants/control.ts';
import { type MutationTest, testMutant } from '../mutants/mutation-test.ts';
import { VARIANTS } from '../mutants/registry.ts';
import type { Variant } from '../mutants/variant.ts';
import { renderDocument } from '../report/json.ts';
import { obstacleToSimulation, withoutProcess } from '../run/simulatable.ts';
import { simulateScenario } from '../run/simulated-run.ts';
import type { Scenario } from '../scenario/schema.ts';
import { nearest } from '../text/nearest.ts';
import { verdictOf } from '../verdict/assemble.ts';
import { judgeRun } from '../verdict/judge-run.ts';
import { print, say } from './console.ts';
import { ExitCode, UserError } from './exit.ts';
import { Interrupt } from './interrupt.ts';
import { LiveLine } from './live-line.ts';
import { Outputs, reason } from './outputs.ts';
import { bundledNames, findScenarios, loadScenario } from './scenario-files.ts';
import {
  type BundledOutcome,
  type ControlOutcome,
  failures,
  renderSelfTest,
  type SelfTest,
  selfTestDocument,
} from './selftest-report.ts';
import { appearance } from './terminal.ts';

export interface SelfTestOptions {
  readonly seeds: number;
  /** Only this one; absent: all of them. */
  readonly variant?: string;
  readonly json?: string;
  readonly color?: boolean;
}

/**
 * Tries the judge on every broken variant, and on the correct build in its place, in virtual time.
 *
 * @returns the exit code
 */
export async function selfTest(options: SelfTestOptions): Promise<number> {
  const variants = options.variant === undefined ? VARIANTS : [findVariant(options.variant)];
  const outputs = new Outputs([]);
  if (options.json !== undefined) outputs.claim(options.json);
  const look = appearance(options);
  const interrupt = new Interrupt();
  const work: Work = { seeds: options.seeds, live: new LiveLine(look), signal: interrupt.signal };
  let outcome: SelfTest;
  try {
    outcome = await testAll(variants, work, options.variant === undefined);
  } finally {
    work.live.stop();
    interrupt.dispose();
  }
  print(renderSelfTest(outcome, look));
  const exitCode = outcome.interrupted ? interrupt.exitCode : exitCodeOf(outcome);
  if (options.json === undefined) return exitCode;
  try {
    outputs.write(options.json, renderDocument(selfTestDocument(outcome, exitCode)));
    return exitCode;
  } catch (error) {
    say(`Cannot write "${options.json}": ${reason(error)}; the report above is complete`);
    return exitCode === ExitCode.pass ? ExitCode.internal : exitCode;
  }
}

/** What holds for all of it. */
interface Work {
  readonly seeds: number;
  readonly live: LiveLine;
  readonly signal: AbortSignal;
}

function exitCodeOf(outcome: SelfTest): number {
  return failures(outcome).length === 0 ? ExitCode.pass : ExitCode.delivery;
}

/** @param bundled - the bundled scenarios too, which say nothing of a single variant */
async function testAll(variants: readonly Variant[], work: Work, bundled: boolean): Promise<SelfTest> {
  const mutationTests: MutationTest[] = [];
  const controls: ControlOutcome[] = [];
  for (const [index, variant] of variants.entries()) {
    const mutationTest = await testOne(variant, `${index + 1}/${variants.length}`, work);
    if (mutationTest !== undefined) mutationTests.push(mutationTest);
  }
  for (const control of CONTROLS) {
    const { variant, lie } = control;
    const mutationTest = await testOne(variant, 'control', work);
    if (mutationTest !== undefined)
      controls.push({ name: variant.name, lie, seenThrough: isDetected(control, mutationTest) });
  }
  return {
    seeds: work.seeds,
    mutationTests,
    controls,
    bundled: bundled ? await runBundled(work) : [],
    interrupted: work.signal.aborted,
  };
}

/** @returns undefined when it was interrupted */
async function testOne(
  variant: Variant,
  label: string,
  { seeds, live, signal }: Work,
): Promise<MutationTest | undefined> {
  const runs = testMutant(variant, seeds);
  for (let run = 1; !signal.aborted; run += 1) {
    const step = runs.next();
    if (step.done === true) return step.value;
    live.show(`self-test  ${label} ${variant.name}  run ${run} of ${seeds * 2}`);
    await nextTurn();
  }
  return undefined;
}

async function runBundled({ live, signal }: Work): Promise<BundledOutcome[]> {
  const outcomes: BundledOutcome[] = [];
  for (const file of findScenarios(bundledNames())) {
    const { scenario } = loadScenario(file);
    if (signal.aborted || !canBeSimulated(scenario)) continue;
    live.show(`self-test  the correct build in ${scenario.name}`);
    await nextTurn();
    const record = simulateScenario({ scenario });
    const { verdict, reasons } = verdictOf(record, judgeRun(record));
    outcomes.push({ name: scenario.name, verdict, reasons });
  }
  return outcomes;
}

/** With all of its assertions. */
function canBeSimulated(scenario: Scenario): boolean {
  return obstacleToSimulation(scenario) === undefined && withoutProcess(scenario).omitted.length === 0;
}

function findVariant(name: string): Variant {
  const found = VARIANTS.find((variant) => variant.name === name);
  if (found !== undefined) return found;
  const names = VARIANTS.map((variant) => variant.name);
  const close = nearest(name, names);
  const hint = close === undefined ? `they are ${names.join(', ')}` : `did you mean "${close}"?`;
  throw new UserError(`Cannot find variant "${name}": there is none of this name, ${hint}`);
}

/** So that the line is drawn and Ctrl-C is heard. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
