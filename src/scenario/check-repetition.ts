import { findFault } from '../faults/registry.ts';
import { formatDuration } from './quantity.ts';
import type { FaultEntry, Scenario } from './schema.ts';
import type { Report } from './target/check-target.ts';
import { faultInstants, lastsMs } from './timeline.ts';
import type { Path } from './yaml-source.ts';

/** Times that one entry may be played. */
const TIMES_MAX = 1000;

/** Whether a fault that is played again and again is over before it begins anew, and has an end itself. */
export function checkRepetition(scenario: Scenario, entry: FaultEntry, path: Path, report: Report): void {
  const { every, until, at = 0, during } = entry;
  const fault = findFault(entry.do);
  if (fault === undefined) return;
  if (every === undefined) {
    if (until !== undefined)
      report([...path, 'until'], 'Cannot use "until": the entry has no "every", both are wanted', {
        aboutKey: true,
      });
    return;
  }
  if (every <= 0) {
    report([...path, 'every'], 'Cannot repeat every 0ms: that would never end, longer is wanted');
    return;
  }
  if (during !== undefined || (fault.kind === 'lasting' && fault.healed === false)) {
    const why = during === undefined ? `"${fault.name}" is never healed` : 'the entry has "during"';
    report([...path, 'every'], `Cannot use "every": ${why}, once is wanted`, { aboutKey: true });
    return;
  }
  if (until !== undefined && until <= at)
    report(
      [...path, 'until'],
      `Cannot repeat until ${formatDuration(until)}: it begins at ${formatDuration(at)}, later is wanted`,
    );
  const forMs = lastsMs(fault, entry, scenario);
  if (forMs !== undefined && forMs >= every)
    report(
      entry.for === undefined ? path : [...path, 'for'],
      `Cannot hold "${fault.name}" for ${formatDuration(forMs)}: it begins again every ${formatDuration(every)}, a shorter "for" is wanted`,
    );
  const times = faultInstants(scenario, entry, forMs).length;
  if (times > TIMES_MAX)
    report([...path, 'every'], `Cannot repeat ${times} times: at most ${TIMES_MAX} are wanted`);
}
