import { isGroupAlive, killMarked, markedProcesses, signalGroup } from './process-group.ts';
import type { WatchdogCommand } from './watchdog-process.ts';

/**
 * The process that outlives the tool for a moment: when the tool is gone, however that came, it ends the services that
 * the tool has left. It has a process group of its own, which signals of a terminal do not reach.
 */

const GRACE_MS = 2000;
const LOOK_MS = 50;

const [mark = ''] = process.argv.slice(2);
const groups = new Set<number>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

process.on('message', (command) => {
  const { kind, group } = command as WatchdogCommand;
  if (kind === 'watch') groups.add(group);
  else groups.delete(group);
});

process.on('disconnect', () => {
  if (groups.size === 0 && markedProcesses(mark).length === 0) process.exit(0);
  tellAll('SIGTERM');
  // A stopped process hears of nothing else before it goes on.
  tellAll('SIGCONT');
  const deadlineMs = performance.now() + GRACE_MS;
  setInterval(() => {
    const isLeft = [...groups].some(isGroupAlive);
    if (isLeft && performance.now() < deadlineMs) return;
    tellAll('SIGKILL');
    killMarked(mark);
    process.exit(0);
  }, LOOK_MS);
});

function tellAll(signal: NodeJS.Signals): void {
  for (const group of groups) signalGroup(group, signal);
}
