import { setFlagsFromString } from 'node:v8';
import { parseScenario } from '../../src/scenario/parse.ts';
import type { Scenario } from '../../src/scenario/schema.ts';
import { SEED_JOB_FLAGS } from '../../src/simulation/job-pool.ts';
import { runSeed } from '../../src/simulation/seed-run.ts';

/** Runs before the clock counts, so that what is measured is what a long simulation runs at. */
const WARM_UP_SEEDS = 300;
const SEEDS = 500;

const CHAOS = [
  '{ at: 5s, clients: { share: 50% }, do: drop }',
  '{ at: 20s, clients: { share: 50% }, do: reset }',
  '{ at: 10s, for: 20s, do: lose-acks, probability: 20% }',
  '{ at: 30s, for: 5s, clients: { share: 30% }, do: half-open }',
  '{ at: 40s, for: 8s, clients: { share: 30% }, do: pause-reader }',
];

function chaos(clients: number, load: string): Scenario {
  const outcome = parseScenario(
    [
      'name: simulated',
      'server: { delivery: effectively-once }',
      `clients: [{ profile: healthy, count: ${clients} }]`,
      'publish: [{ rate: 1/s, size: 128B, arrival: poisson }]',
      `duration: { rampUp: 1s, warmUp: 1s, load: ${load}, settle: 60s }`,
      'faults:',
      ...CHAOS.map((fault) => `  - ${fault}`),
    ].join('\n'),
    { file: 'benchmark' },
  );
  if (!outcome.ok) throw new Error(outcome.problems.map(({ message }) => message).join('\n'));
  return outcome.scenario;
}

/**
 * Seeds in a second of one core, judged and hashed: 8 clients, a minute of chaos at a message a second for each. It
 * runs with the flags of the processes in which the command `simulate` runs its seeds.
 */
export function seedsPerSec(): { readonly value: number; readonly note: string } {
  for (const flag of SEED_JOB_FLAGS) setFlagsFromString(flag);
  const scenario = chaos(8, '60s');
  for (let seed = 1; seed <= WARM_UP_SEEDS; seed += 1) runSeed({ scenario, seed });
  const startMs = performance.now();
  let events = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) events += runSeed({ scenario, seed }).events;
  const tookMs = performance.now() - startMs;
  return {
    value: (SEEDS * 1000) / tookMs,
    note: `${(tookMs / SEEDS).toFixed(2)} ms a seed, ${Math.round(events / SEEDS)} wire events each`,
  };
}

/** Seconds for ten minutes of a thousand clients. */
export function longSimulation(): { readonly value: number; readonly note: string } {
  const scenario = chaos(1000, '600s');
  const startMs = performance.now();
  const { events, simulatedMs } = runSeed({ scenario });
  const tookMs = performance.now() - startMs;
  return {
    value: tookMs / 1000,
    note: `${Math.round(simulatedMs / 1000)} s simulated, ${events} wire events`,
  };
}
