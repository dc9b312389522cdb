import { describe, expect, it } from 'vitest';
import { FanOut } from '../../src/broadcaster/fan-out.ts';
import type { Session } from '../../src/protocol/session.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';
import { SessionFixture } from '../protocol/session-fixture.ts';

class Fixture {
  readonly time = new VirtualTime();
  readonly sessions = Array.from({ length: 7 }, () => new SessionFixture().session);
  readonly served: number[] = [];
  readonly fanOut: FanOut;
  onServe: (session: Session) => void = () => {};

  constructor(batchDelayMs = 10) {
    this.fanOut = new FanOut({
      batchSize: 3,
      batchDelayMs,
      timers: this.time,
      serve: (session) => {
        this.served.push(this.sessions.indexOf(session));
        this.onServe(session);
      },
    });
  }

  addAll(): void {
    for (const session of this.sessions) this.fanOut.add(session);
  }

  pass(ms: number): number[] {
    this.time.runFor(ms);
    return this.served.splice(0);
  }
}

describe('fan-out', () => {
  it('serves the first batch at once and the others after the delay, in order', () => {
    const fixture = new Fixture();
    fixture.addAll();
    fixture.fanOut.start();
    expect(fixture.served.splice(0)).toEqual([0, 1, 2]);
    expect(fixture.pass(9)).toEqual([]);
    expect(fixture.pass(1)).toEqual([3, 4, 5]);
    expect(fixture.pass(10)).toEqual([6]);
    expect(fixture.time.plannedCount).toBe(0);
  });

  it('only yields between batches without a delay', () => {
    const fixture = new Fixture(0);
    fixture.addAll();
    fixture.fanOut.start();
    let between: number[] = [];
    fixture.time.after(0, () => {
      between = fixture.served.slice();
    });
    expect(fixture.pass(0)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    // Something else had its turn before all were served.
    expect(between.length).toBeLessThan(7);
  });

  it('has one entry per session however many messages wait for it', () => {
    const fixture = new Fixture();
    fixture.addAll();
    fixture.addAll();
    fixture.fanOut.start();
    fixture.addAll();
    fixture.fanOut.start();
    const served = [...fixture.served.splice(0), ...fixture.pass(100)];
    // The first three were served before they were added again.
    expect(served).toHaveLength(10);
    expect(new Set(served).size).toBe(7);
  });

  it('serves a broadcast that fits into one batch before a crowd that waits', () => {
    const fixture = new Fixture();
    fixture.addAll();
    fixture.fanOut.start();
    for (const place of [6, 0]) fixture.fanOut.add(fixture.sessions[place] as Session);
    fixture.fanOut.start();
    expect(fixture.served.splice(0)).toEqual([0, 1, 2, 6, 0]);
    expect(fixture.pass(100)).toEqual([3, 4, 5]);
  });

  it('does not hurry a batch that is on its way when a broadcast starts', () => {
    const fixture = new Fixture();
    fixture.addAll();
    fixture.fanOut.start();
    fixture.fanOut.start();
    fixture.fanOut.start();
    expect(fixture.served).toEqual([0, 1, 2]);
  });

  it('leaves out who has gone in between', () => {
    const fixture = new Fixture();
    fixture.addAll();
    fixture.fanOut.start();
    const [, , , , fourth] = fixture.sessions;
    if (fourth !== undefined) fixture.fanOut.released(fourth);
    expect(fixture.pass(100)).toEqual([0, 1, 2, 3, 5, 6]);
  });

  it('serves who is added while it serves', () => {
    const fixture = new Fixture();
    const [first, second] = fixture.sessions;
    if (first === undefined || second === undefined) throw new Error('there are sessions');
    fixture.onServe = (session) => {
      if (session === first) fixture.fanOut.add(second);
    };
    fixture.fanOut.add(first);
    fixture.fanOut.start();
    expect(fixture.pass(10)).toEqual([0, 1]);
  });

  it('stops at once', () => {
    const fixture = new Fixture();
    fixture.addAll();
    fixture.fanOut.start();
    fixture.fanOut.stop();
    expect(fixture.pass(100)).toEqual([0, 1, 2]);
    expect(fixture.time.plannedCount).toBe(0);
  });
});
