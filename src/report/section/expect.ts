import type { Result } from '../../verdict/result.ts';
import { type Line, line, lineWidth, padEnd, span, wrap } from '../line.ts';
import { guaranteeFinding, STATUS_SIGN, type Status } from '../wording/result.ts';

interface Expectation {
  readonly text: string;
  readonly finding: string;
  readonly status: Status;
}

const ORDER: readonly Status[] = ['fail', 'no-data', 'inconclusive', 'pass'];
const GAP = 4;
const FINDING_WIDTH_MIN = 12;

/** What the scenario expects and what was found instead; what is not met comes first. */
export function expectLines(result: Result, width: number): Line[] {
  const all: Expectation[] = [
    {
      text: `guarantee ${result.guarantee.level}`,
      finding: guaranteeFinding(result),
      status: result.guarantee.status,
    },
    ...result.assertions.map(({ text, actualText, status }) => ({ text, finding: actualText, status })),
  ];
  const longest = Math.max(...all.map((each) => lineWidth(headOf(each))));
  const findingAt = Math.min(longest + GAP, width - FINDING_WIDTH_MIN);
  return all
    .toSorted((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status))
    .flatMap((each) => expectationLines(each, findingAt, width));
}

/** Text and finding side by side where they fit, else the finding below. */
function expectationLines(each: Expectation, findingAt: number, width: number): Line[] {
  const head = headOf(each);
  const finding = line(span(each.finding, each.status === 'pass' ? 'dim' : STATUS_SIGN[each.status].tone));
  const beside = lineWidth(head) + 2 <= findingAt && findingAt + lineWidth(finding) <= width;
  if (beside) return [[...padEnd(head, findingAt), ...finding]];
  return [...wrap(head, width, 4), ...wrap(line('  ', span('→ ', 'dim'), ...finding), width, 4)];
}

function headOf({ status, text }: Expectation): Line {
  const { sign, tone } = STATUS_SIGN[status];
  return line(span(`${sign} `, tone), text);
}
