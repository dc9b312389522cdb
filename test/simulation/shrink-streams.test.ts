import { describe, expect, it } from 'vitest';
import type { FaultEntry, Scenario } from '../../src/scenario/schema.ts';
import { explicitSubject } from '../../src/simulation/explicit.ts';
import { HistoryRecording } from '../../src/simulation/history.ts';
import { attempt } from '../../src/simulation/subject.ts';
import { scenarioWithFaults } from './many-faults.ts';

/** Everything that travelled between a client and the server until it said goodbye, but for names of sessions. */
function wireOf(client: number, scenario: Scenario): string[] {
  const recording = new HistoryRecording();
  attempt({ scenario }, recording);
  const own = recording.lines.filter((line) => line.includes(` c${client}#`));
  const end = own.findIndex((line) => line.includes('goodbye'));
  return own.slice(0, end).map((line) => line.replaceAll(/[0-9a-f]{32}/g, 'id'));
}

function withoutClient(fault: FaultEntry, client: number): FaultEntry[] {
  const ids = (fault.clients?.ids ?? []).filter((id) => id !== client);
  return ids.length === 0 ? [] : [{ ...fault, clients: { ids } }];
}

/** Spelled out, and without faults of the server, which hit everybody. */
function clientFaultsOnly(seed: number): Scenario {
  const { scenario } = explicitSubject({ scenario: scenarioWithFaults(seed, 30) });
  return { ...scenario, faults: scenario.faults.filter(({ clients }) => clients !== undefined) };
}

describe('taking faults out', () => {
  it.each([1, 2, 3])('of one client changes nothing on the wire of another, with seed %i', (seed) => {
    const scenario = clientFaultsOnly(seed);
    const fewer = { ...scenario, faults: scenario.faults.flatMap((fault) => withoutClient(fault, 0)) };
    expect(wireOf(0, fewer)).not.toEqual(wireOf(0, scenario));
    expect(wireOf(1, fewer)).toEqual(wireOf(1, scenario));
    expect(wireOf(1, scenario).length).toBeGreaterThan(500);
  });

  it.each([1, 2, 3])('one by one changes nothing before the instant of the one, with seed %i', (seed) => {
    const scenario = clientFaultsOnly(seed);
    const last = scenario.faults.at(-1);
    const fewer = { ...scenario, faults: scenario.faults.slice(0, -1) };
    const beforeMs = scenario.duration.rampUp + scenario.duration.warmUp + (last?.at ?? 0);
    const early = (lines: readonly string[]): string[] =>
      lines.filter((line) => Number(/ *([\d.]+)ms/.exec(line)?.[1]) < beforeMs);
    for (const client of [0, 1, 2])
      expect(early(wireOf(client, fewer))).toEqual(early(wireOf(client, scenario)));
  });
});
