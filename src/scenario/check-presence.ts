import { formatDuration } from './quantity.ts';
import type { ClientProfile, Scenario } from './schema.ts';
import type { Report } from './target/check-target.ts';
import { isThroughout } from './timeline.ts';

/** When clients come during load, and when they go. */
export function checkPresence(scenario: Scenario, report: Report): void {
  const { clients, publish, duration } = scenario;
  for (const [index, profile] of clients.entries()) {
    const path = ['clients', index];
    for (const key of ['join', 'leave'] as const) {
      const problem = spanProblem(profile[key], duration.load);
      if (problem !== undefined) report([...path, key], problem);
    }
    const { join, leave, upstream } = profile;
    if (join !== undefined && leave !== undefined && leave.from < join.to)
      report(
        [...path, 'leave'],
        `Cannot leave from ${formatDuration(leave.from)} on: clients join until ${formatDuration(join.to)}, from then on is wanted`,
      );
    if (upstream !== undefined && !isThroughout(profile))
      report(
        [...path, 'upstream'],
        'Cannot send upstream: clients of this profile join or leave during load, others are wanted',
        { aboutKey: true },
      );
  }
  if (clients.every(({ join }) => join !== undefined))
    report(['clients'], 'Cannot probe: all clients join during load, some are wanted from the start');
  for (const [index, { room, through }] of publish.entries()) {
    if (through !== 'members') continue;
    const members = clients.filter(({ rooms }) => room === '*' || rooms.includes(room));
    if (members.length > 0 && !members.some(isThroughout))
      report(
        ['publish', index, 'through'],
        'Cannot publish through members: all of them join or leave during load, some are wanted throughout',
      );
  }
}

function spanProblem(span: ClientProfile['join'], loadMs: number): string | undefined {
  if (span === undefined) return undefined;
  const { from, to } = span;
  const text = `from ${formatDuration(from)} to ${formatDuration(to)}`;
  if (to < from) return `Cannot take ${text}: that ends before it begins, a later end is wanted`;
  if (to <= loadMs) return undefined;
  return `Cannot take ${text}: load takes ${formatDuration(loadMs)}, at most that is wanted`;
}
