import { readdirSync, readFileSync } from 'node:fs';

/**
 * The process group of a service: the process and what it has forked, unless that made a group of its own. Where the
 * system has /proc, a mark in the environment finds those as well.
 */

const PROC = '/proc';

/** Sends a signal to every process of a group. @returns whether there was one */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}

/** Whether a process of the group is left that is more than an entry in the table of processes. */
export function isGroupAlive(group: number): boolean {
  if (!isThere(group)) return false;
  const processes = processIds();
  // Without /proc nobody can tell the dead from the living.
  if (processes.length === 0) return true;
  return processes.some((pid) => {
    const fields = statusOf(pid);
    return fields !== undefined && Number(fields[2]) === group && fields[0] !== 'Z' && fields[0] !== 'X';
  });
}

/** Every process that has a variable of this text in the environment that it was started with. */
export function markedProcesses(mark: string): number[] {
  return processIds().filter(
    (pid) => pid !== process.pid && textOf(`${PROC}/${pid}/environ`).split('\0').includes(mark),
  );
}

/** SIGKILL for what left its group, and so could not be reached by it. */
export function killMarked(mark: string): void {
  for (const pid of markedProcesses(mark)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** The fields of /proc/<pid>/stat from the state on; undefined where there is no such process, or no /proc. */
export function statusOf(pid: number): readonly string[] | undefined {
  const text = textOf(`${PROC}/${pid}/stat`);
  // The name of the command comes in parentheses, and may hold anything.
  return text === '' ? undefined : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

export function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function isThere(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function processIds(): number[] {
  try {
    return readdirSync(PROC).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}
