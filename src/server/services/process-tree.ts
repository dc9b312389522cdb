import { readdirSync, readlinkSync } from 'node:fs';
import type { ServiceSeries } from '../../scenario/metric.ts';
import { statusOf, textOf } from './process-group.ts';

/** What a process and all its children use at one instant, from /proc. CPU is a total, in clock ticks. */
export interface TreeUse extends Readonly<Record<Exclude<ServiceSeries, 'cpu'>, number>> {
  /** By process, so that the end of one does not look like time that runs backwards. */
  readonly cpuTicks: ReadonlyMap<number, number>;
}

const PROC = '/proc';
const PROCESSES_MAX = 500;
/** In /proc/net/tcp. */
const LISTENING = '0A';
/** Of the fields of /proc/<pid>/stat, from the state on. */
const USER = 11;
const SYSTEM = 12;

/** @returns undefined where there is no /proc, or no such process */
export function treeUse(root: number): TreeUse | undefined {
  const use = { rss: 0, descriptors: 0, threads: 0 };
  const cpuTicks = new Map<number, number>();
  const open = [root];
  for (let pid = open.pop(); pid !== undefined && cpuTicks.size < PROCESSES_MAX; pid = open.pop()) {
    const fields = statusOf(pid);
    if (fields === undefined || fields[0] === 'Z') continue;
    cpuTicks.set(pid, Number(fields[USER]) + Number(fields[SYSTEM]));
    const status = textOf(`${PROC}/${pid}/status`);
    use.rss += numberAt(status, 'VmRSS') * 1024;
    use.threads += numberAt(status, 'Threads');
    use.descriptors += namesIn(`${PROC}/${pid}/fd`).length;
    open.push(...childrenOf(pid));
  }
  return cpuTicks.size === 0 ? undefined : { ...use, cpuTicks };
}

/**
 * Whether the process or one of its children listens on the port.
 *
 * @returns undefined where nobody can tell
 */
export function listensOn(root: number, port: number): boolean | undefined {
  const tables = `${textOf('/proc/net/tcp')}\n${textOf('/proc/net/tcp6')}`;
  if (tables.trim() === '') return undefined;
  const use = treeUse(root);
  if (use === undefined) return false;
  const sockets = new Set<string>();
  for (const line of tables.split('\n')) {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    if (state === LISTENING && Number.parseInt(local.split(':')[1] ?? '', 16) === port)
      sockets.add(`socket:[${inode}]`);
  }
  return [...use.cpuTicks.keys()].some((pid) =>
    namesIn(`${PROC}/${pid}/fd`).some((name) => sockets.has(linkAt(`${PROC}/${pid}/fd/${name}`))),
  );
}

function linkAt(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** Each thread has the children that it forked. */
function childrenOf(pid: number): number[] {
  return namesIn(`${PROC}/${pid}/task`).flatMap((thread) =>
    textOf(`${PROC}/${pid}/task/${thread}/children`)
      .split(' ')
      .filter((word) => word !== '')
      .map(Number),
  );
}

function numberAt(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
