import { proportionOf } from '../measure/proportion.ts';
import { drawSequence } from '../report/failure/sequence-diagram.ts';
import { drawTimeline } from '../report/failure/timeline.ts';
import { formatShare, plural } from '../report/figures.ts';
import { reportWidth } from '../report/layout.ts';
import { facts, justify, type Line, line, type Span, span, wrap } from '../report/line.ts';
import { type Appearance, paint, toAscii } from '../report/terminal.ts';
import { explain, sentenceOf } from '../report/wording/sentence.ts';
import { describeViolation, violationHeadline } from '../report/wording/violation.ts';
import { clientsOf } from '../scenario/timeline.ts';
import type { Failure } from '../simulation/failure.ts';
import type { ReplayedRun, StoredRun } from '../simulation/replay.ts';
import { identityKey, isSame } from '../simulation/violation.ts';
import { ExitCode } from './exit.ts';
import type { StoredFailure } from './stored-failure.ts';

/** Columns of the diagram. */
const DIAGRAM_WIDTH = 80;
const TIMELINE_INDENT = 28;
/** How lines of a timeline begin that belong to no instant. */
const NO_TIME = ' '.repeat(11);
const OTHERS_MAX = 5;
const EVENT_LENGTH_MAX = 160;

/** Whether a failure in virtual time is still there, what differs, and what it looks like now. */
export function renderReplay(
  stored: StoredRun,
  runs: readonly ReplayedRun[],
  { failure, exitCode }: { readonly failure: Failure | undefined; readonly exitCode: number },
  appearance: Appearance,
): string {
  const width = reportWidth(appearance);
  const [replayed] = runs;
  if (replayed === undefined) return '';
  return paint(
    [
      ...verdictLines(stored, replayed, exitCode, width),
      ...repetitionLines(runs, width),
      ...otherLines(stored, replayed, width),
      [],
      ...(failure === undefined ? [] : failureLines(failure, appearance, width)),
    ],
    { ...appearance, width },
  );
}

function verdictLines(stored: StoredRun, replayed: ReplayedRun, exitCode: number, width: number): Line[] {
  const gone = replayed.outcome === 'gone';
  const { violation } = replayed;
  const title = line(
    gone ? notReproduced(exitCode) : span('✗ REPRODUCED', 'bad'),
    '  ',
    span(
      violation === undefined ? describeViolation(stored.violation) : violationHeadline(violation),
      'strong',
    ),
  );
  return [
    ...titled(title, exitCode, width),
    ...facts(subjectFacts(stored, replayed), width),
    ...samenessTexts(stored, replayed).flatMap((text) => wrap(line(span('• ', 'dim'), text), width, 2)),
  ];
}

/** A run that proves nothing is shown as a warning, not as good news. */
function notReproduced(exitCode: number): Span {
  return exitCode === ExitCode.inconclusive
    ? span('? NOT REPRODUCED', 'warn')
    : span('✓ NOT REPRODUCED', 'good');
}

function titled(title: Line, exitCode: number, width: number): Line[] {
  const lines = wrap(title, width, 2);
  return lines.length === 1 ? [justify(lines[0] ?? [], line(span(`exit ${exitCode}`, 'dim')), width)] : lines;
}

function subjectFacts({ subject }: StoredRun, { run }: ReplayedRun): Line[] {
  const { scenario, variant } = subject;
  return [
    line(span(scenario.name, 'accent')),
    line(`seed ${scenario.seed}`),
    line(plural(clientsOf(scenario).count, 'client')),
    line(plural(scenario.faults.length, 'fault')),
    ...(run === undefined ? [] : [line(`${(run.simulatedMs / 1000).toFixed(1)} s simulated`)]),
    ...(variant === undefined ? [] : [line(span(`broken build ${variant.name}`, 'warn'))]),
  ];
}

/** How far this run is the stored one. */
function samenessTexts({ hash, history }: StoredRun, { outcome, run, divergence }: ReplayedRun): string[] {
  if (run === undefined) return ['the code under test threw, and a run that does not end has no hash'];
  if (outcome === 'identical') return [`bit for bit: the hash of the run is ${run.hash}, as stored`];
  if (hash === undefined) return ['the file has no hash, so it is unknown whether this is the same run'];
  if (run.hash === hash)
    return [`the run is the same, its hash is ${hash}, but the violation is none any more`];
  const differs = `not bit for bit: the hash of the run is ${run.hash}, ${hash} is stored`;
  if (divergence !== undefined) {
    const { index, first, second } = divergence;
    return [
      differs,
      `first difference, at event ${index + 1}: stored ${eventText(first)}`,
      `now ${eventText(second)}`,
    ];
  }
  const why = history.length === 0 ? ' (no history beside the file says where it parts)' : '';
  return [`${differs}${why}`];
}

function eventText(event: string | undefined): string {
  if (event === undefined) return 'the end';
  return event.length <= EVENT_LENGTH_MAX ? event : `${event.slice(0, EVENT_LENGTH_MAX - 1)}…`;
}

/** In virtual time repetition shows nothing but that nothing is left to chance. */
function repetitionLines(runs: readonly ReplayedRun[], width: number): Line[] {
  const [first, ...others] = runs.map(({ run }) => run?.hash);
  if (others.length === 0) return [];
  const differing = others.filter((hash) => hash !== first).length;
  const text =
    differing === 0
      ? line(`all ${runs.length} runs are the same, bit for bit`)
      : line(
          span(
            `${differing} of ${runs.length} runs differ from the first: a fault of wsdeliver itself`,
            'bad',
          ),
        );
  return wrap(line(span('• ', 'dim'), ...text), width, 2);
}

/** What else is wrong, which may be the same in another dress. */
function otherLines({ violation }: StoredRun, { violations, run }: ReplayedRun, width: number): Line[] {
  const others = violations.filter((one) => !isSame(one, violation));
  const unproved = violations.length === 0 ? (run?.findings.inconclusive ?? []) : [];
  const distinct = [...new Map(others.map((one) => [identityKey(one), one])).values()];
  const texts = distinct.map((one) => `also: ${describeViolation(one)}: ${explain(one)}`);
  const shown = [
    ...texts.slice(0, OTHERS_MAX),
    ...unproved.slice(0, OTHERS_MAX).map((reason) => `the run proves nothing: ${sentenceOf(reason)}`),
  ];
  const more = texts.length > OTHERS_MAX ? [`and ${texts.length - OTHERS_MAX} more`] : [];
  return [...shown, ...more].flatMap((text) => wrap(line(span('• ', 'dim'), text), width, 2));
}

/** The timeline, and the diagram where it fits; without what the lines above have said. */
function failureLines({ trace, violation }: Failure, { unicode }: Appearance, width: number): Line[] {
  const linesOf = (text: string): string[] => (unicode ? text : toAscii(text)).trimEnd().split('\n');
  const told = linesOf(drawTimeline(trace, violation))
    .slice(1)
    .flatMap((text) =>
      wrap(line(text), width, text.startsWith(NO_TIME) ? NO_TIME.length + 2 : TIMELINE_INDENT),
    );
  const drawn =
    width < DIAGRAM_WIDTH
      ? wrap(line(span('The diagram takes 80 columns: --out <folder> writes it.', 'dim')), width)
      : linesOf(drawSequence(trace, violation))
          .slice(2)
          .map((text) => line(text));
  return [...told, [], ...drawn];
}

/** One of several runs on sockets. */
export interface SocketRun {
  /** The violation that is looked for, or any where none is. */
  readonly reproduced: boolean;
  readonly exitCode: number;
  readonly summary: string;
}

/** One line for each run as it ends. */
export function socketRunLine(
  run: SocketRun,
  place: { readonly at: number; readonly of: number },
  look: Appearance,
): string {
  const { reproduced, exitCode, summary } = run;
  const sign = reproduced
    ? span('✗ shows it', 'bad')
    : exitCode === 0
      ? span('✓ does not show it', 'good')
      : span('? does not show it', 'warn');
  const text = line(`run ${place.at} of ${place.of}  `, sign, `  ${summary} (exit ${exitCode})`);
  const width = reportWidth(look);
  return paint(wrap(text, width, 2), { ...look, width });
}

/** How often a failure showed on sockets, and what that is worth. */
export function renderSocketReplay(
  { violation, scenario }: StoredFailure,
  { runs, exitCode }: { readonly runs: readonly SocketRun[]; readonly exitCode: number },
  look: Appearance,
): string {
  const width = reportWidth(look);
  const shown = runs.filter(({ reproduced }) => reproduced).length;
  const { share, low, high } = proportionOf(shown, runs.length);
  const what = violation === undefined ? 'any failure' : describeViolation(violation);
  const title = line(
    shown > 0 ? span('✗ REPRODUCED', 'bad') : notReproduced(exitCode),
    '  ',
    span(what, 'strong'),
  );
  const others = runs.filter((run) => !run.reproduced && run.exitCode !== ExitCode.pass).length;
  const variant = scenario.found?.variant;
  const texts = [
    `shown by ${shown} of ${plural(runs.length, 'run')}: ${formatShare(share)}, with 95 % confidence between ${formatShare(low)} and ${formatShare(high)} of all such runs`,
    ...(others === 0 ? [] : [`${plural(others, 'run')} did not pass for another reason`]),
    `the schedule is seeded (seed ${scenario.seed}): the same messages, and the same faults on the same clients; the interleaving is not, it is up to this machine`,
    ...(variant === undefined
      ? []
      : [`it was found in the broken build ${variant}; on sockets runs the correct build`]),
  ];
  const lines = texts.flatMap((text) => wrap(line(span('• ', 'dim'), text), width, 2));
  return paint([...wrap(title, width, 2), ...lines], { ...look, width });
}
