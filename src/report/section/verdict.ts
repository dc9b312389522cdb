import { printableParagraph } from '../../text/printable.ts';
import type { Result } from '../../verdict/result.ts';
import { formatUs, plural } from '../figures.ts';
import { REASONS_MAX } from '../layout.ts';
import { facts, justify, type Line, line, span, wrap } from '../line.ts';
import { clientCount, headline, STATUS_SIGN, targetOf } from '../wording/result.ts';
import { sentenceOf } from '../wording/sentence.ts';

/** Pass or fail in one line, then what was run, then why. */
export function verdictLines(result: Result, width: number): Line[] {
  const { sign, tone } = STATUS_SIGN[result.verdict];
  const name = result.verdict.toUpperCase();
  const title = wrap(line(span(`${sign} ${name}`, tone), '  ', span(headline(result), 'strong')), width, 2);
  const exit = line(span(`exit ${result.exitCode}`, 'dim'));
  return [
    ...(title.length === 1 ? [justify(title[0] ?? [], exit, width)] : title),
    ...facts(subject(result), width),
    ...wrap(line(span(printableParagraph(result.scenario.description ?? ''), 'dim')), width).filter(
      (each) => each.length > 0,
    ),
    ...reasonLines(result.reasons, width),
  ];
}

function subject(result: Result): Line[] {
  const { scenario, environment, partial } = result;
  const target = targetOf(result);
  return [
    line(span(scenario.name, 'accent')),
    line(`seed ${scenario.seed}`),
    line(clientCount(result)),
    line(formatUs(environment.durationMs * 1000)),
    ...(target === undefined ? [] : [line(target)]),
    ...(partial === true ? [line(span('interrupted', 'warn'))] : []),
  ];
}

function reasonLines(reasons: Result['reasons'], width: number): Line[] {
  const shown = reasons
    .slice(0, REASONS_MAX)
    .flatMap((reason) => wrap(line(span('• ', 'dim'), sentenceOf(reason)), width, 2));
  const more = reasons.length - REASONS_MAX;
  return more > 0 ? [...shown, line(span(`• and ${plural(more, 'more reason')}`, 'dim'))] : shown;
}
