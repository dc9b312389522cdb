import { parseScenario } from '../scenario/parse.ts';
import { type FaultEntry, type FoundFailure, faultSchema, type Scenario } from '../scenario/schema.ts';
import { planFaults } from '../scenario/timeline.ts';
import { writeScenario } from '../scenario/write-scenario.ts';
import { randomStreams } from '../world/random.ts';
import { networkSettings, simulatedNetwork } from './found-network.ts';
import type { Subject } from './subject.ts';

/**
 * The same subject with each fault spelled out: which clients by number, when, and for how long.
 *
 * It is what the file of a failure would say, down to the last digit.
 *
 * @throws {Error} when no file can say it
 */
export function explicitSubject({ network = {}, ...subject }: Subject): Subject {
  const found: FoundFailure = {
    by: '',
    violation: {
      kind: 'crash',
      direction: 'down',
      cause: { code: 'threw', error: '', where: '', message: '' },
    },
    network: networkSettings(network),
  };
  const { found: read, ...scenario } = reread({ ...explicitScenario(subject.scenario), found });
  const readNetwork = simulatedNetwork(read?.network ?? {});
  const unusual = Object.keys(readNetwork).length > 0;
  return { ...subject, scenario, ...(unusual ? { network: readNetwork } : {}) };
}

function explicitScenario(scenario: Scenario): Scenario {
  const planned = planFaults(scenario, randomStreams(scenario.seed));
  const faults = planned.map(({ index, atMs, forMs, clients }): FaultEntry => {
    const entry = scenario.faults[index];
    if (entry === undefined) throw new Error('every planned fault stands in the scenario');
    const { probability, nth } = entry;
    return {
      do: entry.do,
      at: atMs,
      ...(forMs === undefined ? {} : { for: forMs }),
      ...(clients.length === 0 ? {} : { clients: { ids: [...clients] } }),
      ...(probability === undefined ? {} : { probability }),
      ...(nth === undefined ? {} : { nth }),
      ...parametersOf(entry),
    };
  });
  return { ...scenario, faults };
}

/** The parameters that a fault has beside what all of them have. */
export function parametersOf(entry: FaultEntry): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entry).filter(([key]) => !(key in faultSchema.shape)));
}

function reread(scenario: Scenario): Scenario {
  const outcome = parseScenario(writeScenario(scenario), { file: scenario.name });
  if (outcome.ok) return outcome.scenario;
  throw new Error(
    `Cannot write the scenario "${scenario.name}" to a file: ${outcome.problems[0]?.message ?? ''}`,
  );
}
