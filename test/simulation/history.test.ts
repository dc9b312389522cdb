import { describe, expect, it } from 'vitest';
import { mutantScenario } from '../../src/mutants/mutant-scenario.ts';
import { simulateScenario } from '../../src/run/simulated-run.ts';
import type { Scenario } from '../../src/scenario/schema.ts';
import { firstDivergence, HistoryRecording } from '../../src/simulation/history.ts';
import { runSeed } from '../../src/simulation/seed-run.ts';
import { judgeRun } from '../../src/verdict/judge-run.ts';

const troubled = mutantScenario({
  name: 'troubled',
  publish: [{ room: 'ticks', rate: '30/s', arrival: 'poisson', size: '64B' }],
  faults: [
    { at: '300ms', clients: { share: '50%' }, do: 'drop' },
    { during: 'load', do: 'lose-acks', probability: '10%' },
  ],
});

function recorded(scenario: Scenario, seed: number): readonly string[] {
  const recording = new HistoryRecording();
  recording.finish(judgeRun(simulateScenario({ scenario, seed, newTap: recording.newTap })));
  return recording.lines;
}

describe('the history of a run', () => {
  it('has the same hash each time the seed is run', () => {
    expect(runSeed({ scenario: troubled, seed: 7 }).hash).toBe(runSeed({ scenario: troubled, seed: 7 }).hash);
  });

  it('has another hash for each seed', () => {
    const hashes = Array.from({ length: 50 }, (_, seed) => runSeed({ scenario: troubled, seed }).hash);
    expect(new Set(hashes).size).toBe(50);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{16}$/);
  });

  it('has another hash when a single byte of one message differs, or one network delay', () => {
    const longer = { ...troubled, publish: troubled.publish.map((stream) => ({ ...stream, size: 65 })) };
    const slower = { down: { delayMs: 0.101, jitterMs: 2 } };
    const hash = runSeed({ scenario: troubled }).hash;
    expect(runSeed({ scenario: longer }).hash).not.toBe(hash);
    expect(runSeed({ scenario: troubled, network: slower }).hash).not.toBe(hash);
  });

  it('is not changed by a further onlooker, who sees as much', () => {
    let seen = 0;
    const see = (): void => {
      seen += 1;
    };
    const lane = { wrote: see, read: see, reset: see };
    const watched = runSeed({ scenario: troubled, newTap: () => ({ up: lane, down: lane }) });
    expect(watched.hash).toBe(runSeed({ scenario: troubled }).hash);
    expect(seen).toBe(watched.events);
  });

  it('can be written down, and names the first event in which two runs differ', () => {
    const first = recorded(troubled, 7);
    expect(first.length).toBe(runSeed({ scenario: troubled, seed: 7 }).events + 1);
    expect(firstDivergence(first, recorded(troubled, 7))).toBeUndefined();
    const divergence = firstDivergence(first, recorded(troubled, 8));
    expect(divergence?.first).toMatch(/^\d+\.\d{3}ms c\d+#\d+ (up|down) (wrote|read|reset)/);
    expect(first.slice(0, divergence?.index)).toEqual(recorded(troubled, 8).slice(0, divergence?.index));
  });

  it('diverges where one of two histories ends before the other', () => {
    expect(firstDivergence(['a', 'b'], ['a'])).toEqual({ index: 1, first: 'b', second: undefined });
  });
});
