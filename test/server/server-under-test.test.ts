import { describe, expect, it } from 'vitest';
import { planFaults } from '../../src/scenario/timeline.ts';
import { ServerUnderTest } from '../../src/server/server-under-test.ts';
import { newIdFrom, randomStreams } from '../../src/world/random.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';
import { scenarioOf } from '../scenario/sample.ts';

/** A server under test without clients, and how long faults kept its process from working, ms from the load. */
function heldUpBy(fault: string, block: (time: VirtualTime, forMs: number) => number): number[] {
  const scenario = scenarioOf(`
name: held-up
clients: [{profile: all, count: 1, rooms: ['*']}]
publish: [{room: '*', rate: 10/s}]
faults: [${fault}]
duration: {load: 2s}
`);
  const time = new VirtualTime();
  const randomFor = randomStreams(1);
  const fromUs = time.nowUs();
  const heldUp: number[] = [];
  const server = new ServerUnderTest({
    scenario,
    planned: planFaults(scenario, randomFor),
    run: 'r',
    ports: { clock: time, timers: time, randomFor, newId: newIdFrom(randomFor('ids')) },
    onHeldUp: (untilUs) => heldUp.push((untilUs - fromUs) / 1000),
  });
  server.reference.endpoint = { goDown() {}, comeUp() {}, block: (forMs) => block(time, forMs) };
  server.startLoad(fromUs);
  time.runFor(2000);
  server.endLoad();
  server.stop();
  return heldUp;
}

describe('the server under test', () => {
  it('is held up until a blocked event loop goes on', () => {
    const spin = (time: VirtualTime, forMs: number): number => time.nowUs() + forMs * 1000;
    expect(heldUpBy('{at: 500ms, do: block-event-loop, time: 300ms}', spin)).toEqual([800]);
  });

  it('is held up until now by any other fault, which may have kept the process busy', () => {
    expect(heldUpBy('{at: 500ms, do: server-restart, down: 100ms}', () => 0)).toEqual([500]);
  });
});
