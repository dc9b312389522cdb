import type { Driver } from '../drivers/driver.ts';
import type { Variant } from '../mutants/variant.ts';
import type { SimulatedNetwork, SimulationOptions } from '../run/simulated-run.ts';
import type { Scenario } from '../scenario/schema.ts';
import { runSeed, type SeedRun } from './seed-run.ts';
import { crashViolation, type Violation, violationsOf } from './violation.ts';

/** Everything that decides a simulated run: two runs of equal subjects are equal. */
export interface Subject {
  /** With the seed of the run. */
  readonly scenario: Scenario;
  readonly network?: SimulatedNetwork;
  /** The broken build under test; absent: the correct one. */
  readonly variant?: Variant;
}

/** What a run of a subject came to. */
export interface Attempt {
  /** Absent when the code under test threw. */
  readonly run?: SeedRun;
  readonly violations: readonly Violation[];
}

/** How a run is looked at. */
export interface Watch {
  readonly newTap?: SimulationOptions['newTap'];
  /** Puts somebody between a client and whoever watches it. */
  readonly watchDriver?: (driver: Driver | undefined) => Driver;
}

/** Runs a subject and says everything that it did wrong, exceptions included. */
export function attempt(subject: Subject, watch: Watch = {}): Attempt {
  try {
    const run = runSeed(simulationOptions(subject, watch));
    return { run, violations: violationsOf(run) };
  } catch (error) {
    return { violations: [crashViolation(error)] };
  }
}

function simulationOptions(
  { scenario, network, variant }: Subject,
  { newTap, watchDriver }: Watch,
): SimulationOptions {
  const { newBroadcaster, driver = variant?.client } = variant ?? {};
  const watched = watchDriver?.(driver) ?? driver;
  return {
    scenario,
    ...(network === undefined ? {} : { network }),
    ...(newTap === undefined ? {} : { newTap }),
    ...(newBroadcaster === undefined ? {} : { newBroadcaster }),
    ...(watched === undefined ? {} : { driver: watched }),
  };
}
