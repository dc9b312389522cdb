import type { StartFailure } from '../../run/service-start.ts';
import { formatCount, plural } from '../figures.ts';

/** Why a service did not start, and below it what it wrote last. */
export function startFailureSentences({ service, what, output }: StartFailure): string[] {
  const shown = output.map((line) => `  ${line}`);
  const wrote =
    output.length === 0 ? 'It wrote nothing.' : `The last ${plural(output.length, 'line')} of its output:`;
  return [`Cannot start service "${service}": ${problemOf(what)}`, wrote, ...shown];
}

function problemOf(what: StartFailure['what']): string {
  if (what.kind === 'late')
    return `it was not ready within ${formatCount(what.withinMs)} ms, ${what.missing}`;
  const { code, signal, problem } = what.exit;
  if (problem !== undefined) return `${problem}, a program that can be run is wanted`;
  const how = signal === undefined ? `with exit code ${code ?? 0}` : `by ${signal}`;
  const foreground = 'a process that stays in the foreground is wanted';
  return `it ended ${how} before the run began, ${code === 0 ? foreground : 'a process that stays is wanted'}`;
}
