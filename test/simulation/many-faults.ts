import { findFault } from '../../src/faults/registry.ts';
import { mutantScenario } from '../../src/mutants/mutant-scenario.ts';
import { pick } from '../../src/protocol/draw.ts';
import type { Scenario } from '../../src/scenario/schema.ts';
import { randomStreams } from '../../src/world/random.ts';

const NAMES = [
  'pause-reader',
  'reset',
  'drop',
  'close',
  'slow-handler',
  'half-open',
  'second-socket',
  'lose-acks',
  'delay-acks',
  'duplicate-acks',
  'block-event-loop',
];
const LOAD_MS = 20_000;
const CLIENTS = 8;

type FaultText = NonNullable<Parameters<typeof mutantScenario>[0]['faults']>[number];

/** Eight clients in 20 seconds of load with so many random faults; the same for the same seed. */
export function scenarioWithFaults(seed: number, count: number): Scenario {
  const random = randomStreams(seed)('many faults');
  const below = (limit: number): number => Math.floor(random.next() * limit);
  const faults = Array.from({ length: count }, (): FaultText => {
    const name = pick(random, NAMES);
    const kind = findFault(name)?.kind;
    const at = below(LOAD_MS - 3000);
    return {
      do: name,
      at: `${at}ms`,
      ...(kind === 'server' ? {} : { clients: { count: 1 + below(CLIENTS) } }),
      ...(kind === 'lasting' || kind === 'acks' ? { for: `${137 + below(2500)}ms` } : {}),
      ...(kind === 'acks' ? { probability: `${5 + below(90)}%` } : {}),
    };
  });
  return mutantScenario({
    name: 'many-faults',
    seed,
    clients: [{ count: CLIENTS, rooms: ['ticks'], ack: { mode: 'cumulative', every: 4 }, batch: true }],
    publish: [{ room: 'ticks', rate: '20/s', size: '64B', arrival: 'poisson' }],
    duration: { rampUp: '700ms', warmUp: '900ms', load: `${LOAD_MS}ms`, settle: '60s' },
    faults,
  });
}
