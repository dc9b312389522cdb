import { describe, expect, it } from 'vitest';
import { mutantScenario } from '../../src/mutants/mutant-scenario.ts';
import { simulateScenario } from '../../src/run/simulated-run.ts';
import type { FaultEntry, Scenario } from '../../src/scenario/schema.ts';
import { HistoryRecording } from '../../src/simulation/history.ts';
import { judgeRun } from '../../src/verdict/judge-run.ts';

/** A fault for each of four clients, with draws of every sort: delays, acks, backoffs, resends, heartbeats. */
const troubled = mutantScenario({
  name: 'troubled',
  server: { outbox: { ackTimeout: '200ms' }, heartbeat: { interval: '300ms', timeout: '150ms', missed: 2 } },
  clients: [
    { count: 5, rooms: ['ticks'], handler: { failure: '10%' }, reconnect: { min: '20ms', max: '1s' } },
  ],
  publish: [{ room: 'ticks', rate: '20/s', arrival: 'poisson', size: '64B' }],
  faults: [
    { at: '300ms', clients: { ids: [0] }, do: 'drop' },
    { at: '100ms', for: '1s', clients: { ids: [1] }, do: 'lose-acks', probability: '40%' },
    { at: '600ms', clients: { ids: [2] }, do: 'reset' },
    {
      at: '200ms',
      for: '1500ms',
      clients: { ids: [3] },
      do: 'delay-acks',
      probability: '50%',
      delay: '300ms',
    },
  ],
});

/** What travelled of each client, but for the ids of sessions, which come from one stream as they are needed. */
function historiesOf(scenario: Scenario): string[] {
  const recording = new HistoryRecording();
  recording.finish(judgeRun(simulateScenario({ scenario, newTap: recording.newTap })));
  const plain = recording.lines.map((text) => text.replaceAll(/"[0-9a-f]{32}"/g, '"id"'));
  const withinRun = plain.filter((text) => Number.parseFloat(text) < RUN_END_MS);
  return [0, 1, 2, 3, 4].map((client) =>
    withinRun.filter((text) => text.includes(` c${client}#`)).join('\n'),
  );
}

/** Until the end of load: how long the drain takes is a matter of all clients. */
const RUN_END_MS = 3000;

function without(fault: FaultEntry): Scenario {
  return { ...troubled, faults: troubled.faults.filter((other) => other !== fault) };
}

describe('taking one fault out of a scenario', () => {
  it.each(troubled.faults.map((fault, client) => [fault.do, client, fault] as const))(
    '(%s) changes the course of its own client, and of no other',
    (_name, client, fault) => {
      const before = historiesOf(troubled);
      const after = historiesOf(without(fault));
      expect(after[client]).not.toBe(before[client]);
      expect(after.toSpliced(client, 1)).toEqual(before.toSpliced(client, 1));
    },
  );
});
