import type { Result } from '../../verdict/result.ts';
import { LABEL_WIDTH } from '../layout.ts';
import { type Line, line, span, wrap } from '../line.ts';
import { connectionRows } from '../wording/target.ts';

/** What became of the attempts to connect to a target, and of the connections. */
export function connectionLines(result: Result, width: number): Line[] {
  return connectionRows(result).flatMap(({ label, parts }) =>
    wrap(line(span(label.padEnd(LABEL_WIDTH), 'dim'), parts.join(' · ')), width, LABEL_WIDTH),
  );
}
