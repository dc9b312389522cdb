import { printable } from '../../text/printable.ts';
import type { Result } from '../../verdict/result.ts';
import { formatCount, formatIn } from '../figures.ts';
import { type Line, line, span, wrap } from '../line.ts';
import { type Column, table } from '../table.ts';
import { isServiceSeries, type ServiceOutcome, serviceUse } from '../wording/services.ts';

/** The processes that the run has started: what they used, and the last words of those that went wrong. */
export function serviceLines(result: Result, width: number): Line[] {
  const { services = [] } = result;
  if (services.length === 0) return [];
  const measured = Object.keys(result.saturation).some(isServiceSeries);
  return [
    ...table(columns(services, result, measured), width),
    ...(measured ? [] : [line(span('no /proc here, so that nothing was measured', 'dim'))]),
    ...services.flatMap((service) => outputLines(service, width)),
  ];
}

function columns(services: readonly ServiceOutcome[], result: Result, measured: boolean): Column[] {
  const column = (
    title: string,
    cell: (service: ServiceOutcome) => Line,
    rest: Partial<Column> = {},
  ): Column => ({
    title,
    cells: services.map(cell),
    ...rest,
  });
  const used = serviceUse.map(({ title, series, unit, of, dispensable }) =>
    column(
      title,
      ({ name }) => {
        const value = of(result.saturation, name, series);
        return line(value === undefined ? span('–', 'dim') : formatIn(unit, value));
      },
      { dispensable },
    ),
  );
  return [
    column('', ({ name }) => line(name), { align: 'left' }),
    column('port', ({ port }) => line(String(port)), { dispensable: 1 }),
    column('starts', ({ starts }) => line(formatCount(starts))),
    column('crashes', crashes),
    ...(measured ? used : []),
  ];
}

function crashes({ ends }: ServiceOutcome): Line {
  const count = ends.filter(({ by }) => by === 'itself').length;
  return line(span(formatCount(count), count > 0 ? 'bad' : 'plain'));
}

function outputLines({ name, output }: ServiceOutcome, width: number): Line[] {
  if (output === undefined) return [];
  if (output.length === 0) return [line(span(`${name} wrote nothing`, 'dim'))];
  return [
    line(`last output of ${name}:`),
    ...output.flatMap((text) => wrap(line(span(`  ${printable(text)}`, 'dim')), width, 4)),
  ];
}
