import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import type { PlannedFault } from '../faults/fault.ts';
import { formatBytes } from '../scenario/quantity.ts';
import type { Scenario } from '../scenario/schema.ts';
import type { Target } from '../scenario/target/target-schema.ts';

/**
 * Whether this machine can run a scenario, decided from the numbers of both before anything is started: a limit that
 * is hit in the middle of a run looks like a fault of the server.
 */

/** Descriptors a Node process needs besides its sockets. */
export const OWN_DESCRIPTORS = 64;
/** Both ends of an idle connection, in user space; measured, rounded up. */
const CLIENT_BYTES = 40 * 1024;
/** What the processes need before the first client. */
const BASE_BYTES = 300 * 1024 * 1024;
/** What the kernel buffers between a paused reader and its sender on Linux before the sender notices. */
const STALLED_BYTES_MAX = 3.8 * 1024 * 1024;
const PAGE_BYTES = 4096;
const STALLING: ReadonlySet<string> = new Set(['pause-reader', 'slow-reader', 'half-open']);
const ENVELOPE_BYTES = 150;

/** The machine can't run this: said before the run starts, with the numbers. */
export class PreflightError extends Error {
  override readonly name = 'PreflightError';
}

/** What a machine has to give; a number that the system does not tell is absent. */
export interface Machine {
  /** Files a process may have open. */
  readonly descriptors?: number;
  readonly memoryBytes?: number;
  /** Memory that all sockets together may hold. */
  readonly socketBytes?: number;
  /** Local ports for connections to one address. */
  readonly ports?: number;
}

export interface Demand {
  readonly scenario: Scenario;
  readonly planned: readonly PlannedFault[];
  readonly clients: number;
  readonly workers: number;
}

export function thisMachine(): Machine {
  const descriptors = descriptorLimit();
  const memoryBytes = availableMemory();
  const socketPages = numbersIn('/proc/sys/net/ipv4/tcp_mem')[2];
  const [firstPort, lastPort] = numbersIn('/proc/sys/net/ipv4/ip_local_port_range');
  return {
    ...(descriptors === undefined ? {} : { descriptors }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(socketPages === undefined ? {} : { socketBytes: socketPages * PAGE_BYTES }),
    ...(firstPort === undefined || lastPort === undefined ? {} : { ports: lastPort - firstPort + 1 }),
  };
}

/** @throws {PreflightError} naming every limit that is too low, with the number needed */
export function preflight(demand: Demand, machine: Machine): void {
  const shortages = [
    descriptorShortage(demand, machine.descriptors),
    portShortage(demand, machine.ports),
    memoryShortage(demand, machine.memoryBytes),
    socketMemoryShortage(demand, machine.socketBytes),
  ].flatMap((shortage) => shortage ?? []);
  if (shortages.length > 0)
    throw new PreflightError(`Cannot run ${demand.clients} clients: ${shortages.join('; ')}`);
}

function descriptorShortage(
  { scenario, clients, workers }: Demand,
  limit: number | undefined,
): string | undefined {
  if (limit === undefined) return undefined;
  const server = scenario.target === undefined;
  const perWorker = Math.ceil(clients / workers) + OWN_DESCRIPTORS;
  const needed = server ? clients + OWN_DESCRIPTORS : perWorker;
  if (needed <= limit) return undefined;
  const who = server ? 'the server process' : 'each load worker';
  const fits = Math.max(1, (limit - OWN_DESCRIPTORS) * (server ? 1 : workers));
  return `${who} needs ${needed} open files, and the limit is ${limit} (raise it with "ulimit -n ${needed}", or take --clients ${fits})`;
}

/** Loopback has as many addresses as are wanted; any other server is one address. */
function portShortage({ scenario, clients }: Demand, ports: number | undefined): string | undefined {
  const { target } = scenario;
  if (ports === undefined || target === undefined || clients <= ports || isNear(target)) return undefined;
  return `there are ${ports} local ports towards one server (widen net.ipv4.ip_local_port_range, or take --clients ${ports})`;
}

function memoryShortage({ clients }: Demand, available: number | undefined): string | undefined {
  const needed = BASE_BYTES + clients * CLIENT_BYTES;
  if (available === undefined || needed <= available) return undefined;
  return `they need about ${formatBytes(needed)} of memory, and ${formatBytes(available)} is available`;
}

function socketMemoryShortage({ scenario, planned }: Demand, limit: number | undefined): string | undefined {
  if (limit === undefined || (scenario.target !== undefined && !isNear(scenario.target))) return undefined;
  const stalled = new Set(planned.filter(({ name }) => STALLING.has(name)).flatMap(({ clients }) => clients))
    .size;
  const needed = stalled * stalledBytes(scenario);
  if (needed <= limit) return undefined;
  return (
    `${stalled} stalled clients can hold ${formatBytes(needed)} in kernel socket buffers, and net.ipv4.tcp_mem allows ` +
    `${formatBytes(limit)} in all (fewer stalled clients, smaller messages or a lower rate)`
  );
}

/** What is sent to one client over load, or what the kernel takes of it. */
function stalledBytes({ publish, duration }: Scenario): number {
  const perSec = publish.reduce((sum, { rate, size }) => sum + rate * (size + ENVELOPE_BYTES), 0);
  return Math.min(STALLED_BYTES_MAX, (perSec * duration.load) / 1000);
}

/** Every address of it is this machine. */
function isNear({ url }: Target): boolean {
  return url.every((address) => /^wss?:\/\/(localhost|127\.|\[::1\])/.test(address));
}

/** Files that this process may have open; undefined where there is no limit, or nobody says. */
export function descriptorLimit(): number | undefined {
  const line = /^Max open files\s+(\d+|unlimited)/m.exec(textOf('/proc/self/limits'))?.[1] ?? askShell();
  if (line === 'unlimited') return undefined;
  return line === '' ? undefined : Number(line);
}

function askShell(): string {
  try {
    return execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

/** Memory available without swapping, where the system reports it. */
function availableMemory(): number | undefined {
  const kib = /^MemAvailable:\s+(\d+) kB/m.exec(textOf('/proc/meminfo'))?.[1];
  return kib === undefined ? freemem() : Number(kib) * 1024;
}

function numbersIn(file: string): number[] {
  return textOf(file)
    .split(/\s+/)
    .filter((word) => word !== '')
    .map(Number);
}

/** Empty where there is no such file, as on anything but Linux. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
