import { describe, expect, it } from 'vitest';
import { mutantScenario } from '../../src/mutants/mutant-scenario.ts';
import { simulateScenario } from '../../src/run/simulated-run.ts';
import { HistoryRecording } from '../../src/simulation/history.ts';

type FaultText = NonNullable<Parameters<typeof mutantScenario>[0]['faults']>[number];

const LOST: FaultText = { do: 'lose-acks', clients: { ids: [0] }, at: '200ms', probability: '30%' };
const DELAYED: FaultText = { do: 'delay-acks', clients: { ids: [1] }, at: '100ms', probability: '30%' };

/** Everything that travelled between client 1 and the server, until it said goodbye. */
function wireOfClient1(faults: readonly FaultText[]): string[] {
  const recording = new HistoryRecording();
  const scenario = mutantScenario({ name: 'two-faults', faults: [...faults] });
  simulateScenario({ scenario, newTap: recording.newTap });
  const own = recording.lines.filter((line) => line.includes(' c1#'));
  return own.slice(
    0,
    own.findIndex((line) => line.includes('goodbye')),
  );
}

describe('an ack fault', () => {
  it('picks the same acks when another fault before it is taken out of the list', () => {
    expect(wireOfClient1([DELAYED])).toEqual(wireOfClient1([LOST, DELAYED]));
  });

  it('does pick some, and not all', () => {
    expect(wireOfClient1([LOST])).not.toEqual(wireOfClient1([LOST, DELAYED]));
  });
});
