import { describe, expect, it } from 'vitest';
import { pick } from '../../src/protocol/draw.ts';
import { simulateScenario } from '../../src/run/simulated-run.ts';
import type { Scenario, UpstreamEntry } from '../../src/scenario/schema.ts';
import { blameOf, reasonsOf } from '../../src/simulation/blame.ts';
import { judgeRun } from '../../src/verdict/judge-run.ts';
import { randomStreams } from '../../src/world/random.ts';
import { type RandomRun, randomRun } from './random-scenario.ts';

const SEEDS = Array.from({ length: 100 }, (_, index) => index + 1);

/** The random run of a seed, with clients that send to the server and to each other, and publishers that may wait. */
function talkative(seed: number, lossless: boolean): RandomRun {
  const run = randomRun(seed, lossless);
  const random = randomStreams(seed)('talkative');
  const entry = (): UpstreamEntry => ({
    rate: pick(random, [5, 20, 50]),
    size: pick(random, [16, 300]),
    type: 'note',
    arrival: pick(random, ['constant', 'poisson']),
    ...(random.next() < 0.5 ? { room: 'ticks' } : {}),
  });
  const scenario: Scenario = {
    ...run.scenario,
    server: {
      ...run.scenario.server,
      outbox: {
        ...run.scenario.server.outbox,
        ...(random.next() < 0.6 ? { overflow: 'pause', maxPending: pick(random, [3, 20, 200]) } : {}),
      },
      broadcast: {
        ...run.scenario.server.broadcast,
        messageTimeout: lossless ? 3_600_000 : pick(random, [200, 3_600_000]),
      },
    },
    clients: run.scenario.clients.map((client) => ({ ...client, upstream: entry() })),
  };
  return { ...run, scenario };
}

function reasons({ scenario, seed, network }: RandomRun): readonly string[] {
  const record = simulateScenario({ scenario, seed, network });
  const findings = judgeRun(record);
  const { upstream } = findings;
  const { lost, duplicates, unresolved } = upstream?.delivery ?? { lost: undefined, duplicates: undefined };
  return [
    ...reasonsOf(blameOf(findings)).map(({ code }) => code),
    ...(lost?.silent === 0 && lost.reported === 0 && duplicates?.handled === 0 && unresolved === 0
      ? []
      : ['upstream']),
  ];
}

describe('the correct build under random faults, with clients that send', () => {
  it('takes everything once and loses nothing either way, where nothing has to be lost', () => {
    for (const seed of SEEDS)
      expect({ seed, reasons: reasons(talkative(seed, true)) }).toEqual({ seed, reasons: [] });
  });

  it('takes everything that it says it took, once, whatever happens', () => {
    for (const seed of SEEDS)
      expect({ seed, reasons: reasons(talkative(seed, false)) }).toEqual({ seed, reasons: [] });
  });
});
