import { type SimulationOptions, simulateScenario } from '../run/simulated-run.ts';
import { verdictOf } from '../verdict/assemble.ts';
import { type Findings, judgeRun } from '../verdict/judge-run.ts';
import type { RunRecord } from '../verdict/run-record.ts';
import type { ConnectionTap } from '../world/virtual/network.ts';
import { HistoryHash } from './history.ts';

/** One seed of a scenario, run in virtual time and judged. */
export interface SeedRun {
  readonly seed: number;
  /** Fingerprint of everything that travelled and of what was found: 16 hexadecimal digits. */
  readonly hash: string;
  readonly findings: Findings;
  /** As of a run on sockets. */
  readonly exitCode: 0 | 3 | 4 | 5;
  /** From the first connection to the end of the drain, in virtual time. */
  readonly simulatedMs: number;
  /** Things written, read and reset on all connections. */
  readonly events: number;
  readonly record: RunRecord;
}

/**
 * Runs one seed of a scenario in virtual time. The same options always give the same run, and the same hash.
 *
 * @throws {Error} for what only a real machine can show: a target, and the rate `max`
 */
export function runSeed(options: SimulationOptions): SeedRun {
  const { scenario, seed = scenario.seed, newTap } = options;
  const history = new HistoryHash();
  const record = simulateScenario({ ...options, seed, newTap: bothTaps(history.newTap, newTap) });
  const findings = judgeRun(record);
  const { startUs, endUs } = record.instants;
  return {
    seed,
    hash: history.finish(findings),
    findings,
    exitCode: verdictOf(record, findings).exitCode,
    simulatedMs: (endUs - startUs) / 1000,
    events: history.eventCount,
    record,
  };
}

type NewTap = NonNullable<SimulationOptions['newTap']>;

function bothTaps(own: NewTap, other: NewTap | undefined): NewTap {
  if (other === undefined) return own;
  return (client, clock) => joined(own(client, clock), other(client, clock));
}

function joined(first: ConnectionTap, second: ConnectionTap): ConnectionTap {
  return { up: joinedLane(first.up, second.up), down: joinedLane(first.down, second.down) };
}

function joinedLane(first: ConnectionTap['up'], second: ConnectionTap['up']): ConnectionTap['up'] {
  return {
    wrote(item) {
      first.wrote(item);
      second.wrote(item);
    },
    read(item) {
      first.read(item);
      second.read(item);
    },
    reset() {
      first.reset();
      second.reset();
    },
  };
}
