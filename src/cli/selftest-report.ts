import type { Reason } from '../delivery/reason.ts';
import type { Verdict } from '../delivery/verdict.ts';
import { plural } from '../report/figures.ts';
import { type Line, line, span, wrap } from '../report/line.ts';
import { type Column, table } from '../report/table.ts';
import { type Appearance, paint } from '../report/terminal.ts';
import { expectedText, failuresOf, sayFailure } from '../report/wording/exam.ts';
import { sentenceOf } from '../report/wording/sentence.ts';
import type { Exam } from '../zoo/exam.ts';

/** Everything that a self-test found out. */
export interface SelfTest {
  /** Of each variant, and of the correct build in its place. */
  readonly seeds: number;
  readonly exams: readonly Exam[];
  readonly canaries: readonly CanaryOutcome[];
  /** One run of the correct build each; empty when a single variant was asked for. */
  readonly bundled: readonly BundledOutcome[];
  /** Ended early: it says nothing of what it did not come to. */
  readonly interrupted: boolean;
}

export interface CanaryOutcome {
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
const WIDTH_MAX = 120;
const WIDTH_MIN = 40;
const INDENT = 4;

/** Why the self-test was not passed, in words; empty when it was. */
export function failures({ exams, canaries, bundled }: SelfTest): string[] {
  return [
    ...failuresOf(exams),
    ...canaries
      .filter(({ seenThrough }) => !seenThrough)
      .map(({ name, lie }) => `canary ${name}: ${lie}, was not noticed, so a failure would not be seen`),
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
  const width = Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, appearance.width));
  const lines = [...variantLines(outcome.exams, width), [], ...summaryLines(outcome, width)];
  return paint(lines, { ...appearance, width });
}

function variantLines(exams: readonly Exam[], width: number): Line[] {
  const [titles = [], ...rows] = table(
    [
      column(
        'variant',
        exams,
        ({ variant, failures: found }) => markedName(variant.name, found.length === 0),
        'left',
      ),
      column('side', exams, ({ variant }) => line(variant.side), 'left', 1),
      column('caught', exams, ({ caught, seeds }) =>
        line(span(`${caught}/${seeds}`, caught < seeds ? 'bad' : 'plain')),
      ),
      column(
        'first seed',
        exams,
        ({ firstSeed }) => line(firstSeed === undefined ? '–' : `${firstSeed}`),
        'right',
        2,
      ),
      column('simulated', exams, ({ simulatedMs }) => line(`${(simulatedMs / 1000).toFixed(1)} s`)),
    ],
    width,
  );
  return [titles, ...exams.flatMap((exam, index) => [rows[index] ?? [], ...detailLines(exam, width)])];
}

function column(
  title: string,
  exams: readonly Exam[],
  cell: (exam: Exam) => Line,
  align: 'left' | 'right' = 'right',
  dispensable?: number,
): Column {
  return { title, cells: exams.map(cell), align, ...(dispensable === undefined ? {} : { dispensable }) };
}

function markedName(name: string, passed: boolean): Line {
  return line(passed ? span('✓ ', 'good') : span('✗ ', 'bad'), span(name, 'strong'));
}

function detailLines({ variant, failures: found }: Exam, width: number): Line[] {
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
  const { canaries, exams, bundled, seeds } = outcome;
  const found = failures(outcome);
  const scenarios = bundled.length === 0 ? '' : ` and in ${plural(bundled.length, 'bundled scenario')}`;
  const runs = `The correct build ran ${plural(exams.length * seeds, 'time')} in the place of a variant${scenarios}.`;
  return [
    ...wrap(line(span(runs, 'dim')), width),
    ...wrap(line(canaryText(canaries)), width),
    [],
    ...found.flatMap((text) => wrap(line(span('FAILED', 'bad'), ` ${text}`), width, 2)),
    line(span(headline(outcome), found.length === 0 && !outcome.interrupted ? 'good' : 'bad')),
  ];
}

function canaryText(canaries: readonly CanaryOutcome[]): string {
  if (canaries.length === 0) return 'The canaries were not examined: nothing above proves anything.';
  const lies = canaries.map(({ lie }) => lie).join('; ');
  return canaries.every(({ seenThrough }) => seenThrough)
    ? `The canaries were seen through (${lies}), so a failure above would be seen.`
    : `The canaries were not all seen through (${lies}): nothing above proves anything.`;
}

/** `PASS  52 of 52 caught, 0 false alarms in 10 seeds`. */
function headline(outcome: SelfTest): string {
  const { exams, seeds, bundled } = outcome;
  const caught = exams.filter((exam) => exam.caught === exam.seeds).length;
  const verdict = outcome.interrupted ? 'INTERRUPTED' : failures(outcome).length === 0 ? 'PASS' : 'FAIL';
  const alarms =
    exams.reduce((sum, { falseAlarms }) => sum + falseAlarms, 0) +
    bundled.filter((scenario) => scenario.verdict === 'fail').length;
  return `${verdict}  ${caught} of ${exams.length} caught, ${plural(alarms, 'false alarm')} in ${plural(seeds, 'seed')}`;
}

/** The same as plain data. */
export function selfTestDocument(outcome: SelfTest, exitCode: number): unknown {
  const { seeds, exams, canaries, bundled, interrupted } = outcome;
  return {
    schema: SCHEMA,
    exitCode,
    interrupted,
    seeds,
    variants: exams.map(({ variant, ...found }) => ({
      name: variant.name,
      side: variant.side,
      defect: variant.defect,
      expected: variant.outcome,
      ...found,
    })),
    canaries,
    bundled,
    failures: failures(outcome),
  };
}
