import type { Result } from '../../verdict/result.ts';
import { bar } from '../bars.ts';
import { formatPerSec, formatShare, formatUs } from '../figures.ts';
import { type Line, line, span, wrap } from '../line.ts';
import { table } from '../table.ts';
import { sentenceOf } from '../wording/sentence.ts';

type Step = NonNullable<Result['capacity']>['steps'][number];

/** The curve of a search for capacity: each rate with what it cost, and what gave way first. Empty without a search. */
export function capacityLines(result: Result, width: number): Line[] {
  const { capacity } = result;
  if (capacity === undefined) return [];
  const { sustainablePerSec, exhausted, steps } = capacity;
  const best = steps.find(({ ratePerSec }) => ratePerSec === sustainablePerSec);
  const beyond = exhausted ? '' : ' or more: the search ended before anything gave way';
  const headline =
    best === undefined
      ? line(span('not even the first rate was sustained', 'bad'))
      : line(
          span(`${formatPerSec(sustainablePerSec)} broadcasts${beyond}`, 'strong'),
          ` · ${formatPerSec(best.deliveredPerSec)} delivered`,
        );
  return [...wrap(headline, width), [], ...curve(steps, width), ...reasons(steps, width)];
}

function curve(steps: readonly Step[], width: number): Line[] {
  const worst = Math.log(Math.max(2, ...steps.map(({ p99Us }) => p99Us)));
  const cells = (text: (step: Step) => string): Line[] =>
    steps.map((step) => line(span(text(step), step.sustained ? 'plain' : 'dim')));
  return table(
    [
      { title: 'rate', cells: cells(({ ratePerSec }) => formatPerSec(ratePerSec)) },
      {
        title: 'delivered',
        cells: cells(({ deliveredPerSec }) => formatPerSec(deliveredPerSec)),
        dispensable: 2,
      },
      { title: 'p50', cells: cells(({ p50Us }) => formatUs(p50Us)) },
      { title: 'p99', cells: cells(({ p99Us }) => formatUs(p99Us)) },
      { title: 'slip p99', cells: cells(({ slipP99Us }) => formatUs(slipP99Us)), dispensable: 1 },
      { title: 'cpu', cells: cells(({ cpuShare }) => formatShare(cpuShare)), dispensable: 3 },
    ],
    width,
    {
      widthMin: 8,
      widthMax: 24,
      draw: (row, room) => {
        const step = steps[row];
        const share = step === undefined ? 0 : Math.log(Math.max(1, step.p99Us)) / worst;
        return line(span(bar(share, room), step?.sustained ? 'accent' : 'warn'));
      },
    },
  );
}

function reasons(steps: readonly Step[], width: number): Line[] {
  const first = steps.find(({ sustained }) => !sustained);
  if (first === undefined) return [];
  return wrap(
    line(
      span(
        `at ${formatPerSec(first.ratePerSec)}: ${first.why === undefined ? '' : sentenceOf(first.why)}`,
        'dim',
      ),
    ),
    width,
    2,
  );
}
