import type { Reason } from '../delivery/reason.ts';
import type { Verdict } from '../delivery/verdict.ts';
import type { MutationTest } from '../mutants/mutation-test.ts';
import { plural } from '../report/figures.ts';
import { reportWidth } from '../report/layout.ts';
import { type Line, line, span, wrap } from '../report/line.ts';
import { type Column, table } from '../report/table.ts';
import { type Appearance, paint } from '../report/terminal.ts';
import { expectedText, failuresOf, sayFailure } from '../report/wording/mutation-test.ts';
import { sentenceOf } from '../report/wording/sentence.ts';

/** Everything that a self-test found out. */
export interface SelfTest {
  /** Of each variant, and of the correct build in its place. */
  readonly seeds: number;
  readonly mutationTests: readonly MutationTest[];
  readonly controls: readonly ControlOutcome[];
  /** One run of the correct build each; empty when a single variant was asked for. */
  readonly bundled: readonly BundledOutcome[];
  /** Ended early: it says nothing of what it did not come to. */
  readonly interrupted: boolean;
}

export interface ControlOutcome {
  readonly name: string;
  readonly lie: string;
  readonly seenThrough: boolean;
}

export interface BundledOutcome {
  readonly name: string;
  readonly verdict: Verdict['verdict'];
  readonly reasons: readonly Reason[];
}

const SCHEMA = 'wsdeliver.selftest/1';
const INDENT = 4;

/** Why the self-test was not passed, in words; empty when it was. */
export function failures({ mutationTests, controls, bundled }: SelfTest): string[] {
  return [
    ...failuresOf(mutationTests),
    ...controls
      .filter(({ seenThrough }) => !seenThrough)
      .map(({ name, lie }) => `control ${name}: ${lie}, was not noticed, so a failure would not be seen`),
    ...bundled
      .filter(({ verdict }) => verdict !== 'pass')
      .map(
        ({ name, verdict, reasons }) =>
          `scenario ${name}, ${verdict} with the correct build: ${reasons.slice(0, 1).map(sentenceOf).join('')}`,
      ),
  ];
}

/** The result for a terminal: each variant with its defect, then what it comes to. */
export function renderSelfTest(outcome: SelfTest, appearance: Appearance): string {
  const width = reportWidth(appearance);
  const lines = [...variantLines(outcome.mutationTests, width), [], ...summaryLines(outcome, width)];
  return paint(lines, { ...appearance, width });
}

function variantLines(mutationTests: readonly MutationTest[], width: number): Line[] {
  const [titles = [], ...rows] = table(
    [
      column(
        'variant',
        mutationTests,
        ({ variant, failures: found }) => markedName(variant.name, found.length === 0),
        'left',
      ),
      column('side', mutationTests, ({ variant }) => line(variant.side), 'left', 1),
      column('caught', mutationTests, ({ caught, seeds }) =>
        line(span(`${caught}/${seeds}`, caught < seeds ? 'bad' : 'plain')),
      ),
      column(
        'first seed',
        mutationTests,
        ({ firstSeed }) => line(firstSeed === undefined ? '–' : `${firstSeed}`),
        'right',
        2,
      ),
      column('simulated', mutationTests, ({ simulatedMs }) => line(`${(simulatedMs / 1000).toFixed(1)} s`)),
    ],
    width,
  );
  return [
    titles,
    ...mutationTests.flatMap((mutationTest, index) => [
      rows[index] ?? [],
      ...detailLines(mutationTest, width),
    ]),
  ];
}

function column(
  title: string,
  mutationTests: readonly MutationTest[],
  cell: (mutationTest: MutationTest) => Line,
  align: 'left' | 'right' = 'right',
  dispensable?: number,
): Column {
  return {
    title,
    cells: mutationTests.map(cell),
    align,
    ...(dispensable === undefined ? {} : { dispensable }),
  };
}

function markedName(name: string, passed: boolean): Line {
  return line(passed ? span('✓ ', 'good') : span('✗ ', 'bad'), span(name, 'strong'));
}

function detailLines({ variant, failures: found }: MutationTest, width: number): Line[] {
  return [
    ...indented(line(span(variant.defect)), width),
    ...indented(line(span(`caught by ${expectedText(variant.outcome)}`, 'dim')), width),
    ...found.flatMap((failure) => indented(line(span(sayFailure(failure), 'bad')), width)),
  ];
}

function indented(content: Line, width: number): Line[] {
  return wrap([span(' '.repeat(INDENT)), ...content], width, INDENT);
}

function summaryLines(outcome: SelfTest, width: number): Line[] {
  const { controls, mutationTests, bundled, seeds } = outcome;
  const found = failures(outcome);
  const scenarios = bundled.length === 0 ? '' : ` and in ${plural(bundled.length, 'bundled scenario')}`;
  const runs = `The correct build ran ${plural(mutationTests.length * seeds, 'time')} in the place of a variant${scenarios}.`;
  return [
    ...wrap(line(span(runs, 'dim')), width),
    ...wrap(line(controlText(controls)), width),
    [],
    ...found.flatMap((text) => wrap(line(span('FAILED', 'bad'), ` ${text}`), width, 2)),
    line(span(headline(outcome), found.length === 0 && !outcome.interrupted ? 'good' : 'bad')),
  ];
}

function controlText(controls: readonly ControlOutcome[]): string {
  if (controls.length === 0) return 'The controls were not run, so the results above prove nothing.';
  const lies = controls.map(({ lie }) => lie).join('; ');
  return controls.every(({ seenThrough }) => seenThrough)
    ? `The controls were detected (${lies}), so a failure above would be seen.`
    : `The controls were not all detected (${lies}): nothing above proves anything.`;
}

/** `PASS  52 of 52 caught, 0 false alarms in 10 seeds`. */
function headline(outcome: SelfTest): string {
  const { mutationTests, seeds, bundled } = outcome;
  const caught = mutationTests.filter((mutationTest) => mutationTest.caught === mutationTest.seeds).length;
  const verdict = outcome.interrupted ? 'INTERRUPTED' : failures(outcome).length === 0 ? 'PASS' : 'FAIL';
  const alarms =
    mutationTests.reduce((sum, { falseAlarms }) => sum + falseAlarms, 0) +
    bundled.filter((scenario) => scenario.verdict === 'fail').length;
  return `${verdict}  ${caught} of ${mutationTests.length} caught, ${plural(alarms, 'false alarm')} in ${plural(seeds, 'seed')}`;
}

/** The same as plain data. */
export function selfTestDocument(outcome: SelfTest, exitCode: number): unknown {
  const { seeds, mutationTests, controls, bundled, interrupted } = outcome;
  return {
    schema: SCHEMA,
    exitCode,
    interrupted,
    seeds,
    variants: mutationTests.map(({ variant, ...found }) => ({
      name: variant.name,
      side: variant.side,
      defect: variant.defect,
      expected: variant.outcome,
      ...found,
    })),
    controls,
    bundled,
    failures: failures(outcome),
  };
}
