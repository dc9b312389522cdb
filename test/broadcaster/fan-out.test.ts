import { describe, expect, it } from 'vitest';
import { FanOut } from '../../src/broadcaster/fan-out.ts';
import type { Session } from '../../src/protocol/session.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';
import { SessionBench } from '../protocol/session-bench.ts';

class Bench {
  readonly time = new VirtualTime();
  readonly sessions = Array.from({ length: 7 }, () => new SessionBench().session);
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
    const bench = new Bench();
    bench.addAll();
    bench.fanOut.start();
    expect(bench.served.splice(0)).toEqual([0, 1, 2]);
    expect(bench.pass(9)).toEqual([]);
    expect(bench.pass(1)).toEqual([3, 4, 5]);
    expect(bench.pass(10)).toEqual([6]);
    expect(bench.time.plannedCount).toBe(0);
  });

  it('only yields between batches without a delay', () => {
    const bench = new Bench(0);
    bench.addAll();
    bench.fanOut.start();
    let between: number[] = [];
    bench.time.after(0, () => {
      between = bench.served.slice();
    });
    expect(bench.pass(0)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    // Something else had its turn before all were served.
    expect(between.length).toBeLessThan(7);
  });

  it('has one entry per session however many messages wait for it', () => {
    const bench = new Bench();
    bench.addAll();
    bench.addAll();
    bench.fanOut.start();
    bench.addAll();
    bench.fanOut.start();
    const served = [...bench.served.splice(0), ...bench.pass(100)];
    // The first three were served before they were added again.
    expect(served).toHaveLength(10);
    expect(new Set(served).size).toBe(7);
  });

  it('serves a broadcast that fits into one batch before a crowd that waits', () => {
    const bench = new Bench();
    bench.addAll();
    bench.fanOut.start();
    for (const place of [6, 0]) bench.fanOut.add(bench.sessions[place] as Session);
    bench.fanOut.start();
    expect(bench.served.splice(0)).toEqual([0, 1, 2, 6, 0]);
    expect(bench.pass(100)).toEqual([3, 4, 5]);
  });

  it('does not hurry a batch that is on its way when a broadcast starts', () => {
    const bench = new Bench();
    bench.addAll();
    bench.fanOut.start();
    bench.fanOut.start();
    bench.fanOut.start();
    expect(bench.served).toEqual([0, 1, 2]);
  });

  it('leaves out who has gone in between', () => {
    const bench = new Bench();
    bench.addAll();
    bench.fanOut.start();
    const [, , , , fourth] = bench.sessions;
    if (fourth !== undefined) bench.fanOut.remove(fourth);
    expect(bench.pass(100)).toEqual([0, 1, 2, 3, 5, 6]);
  });

  it('serves who is added while it serves', () => {
    const bench = new Bench();
    const [first, second] = bench.sessions;
    if (first === undefined || second === undefined) throw new Error('there are sessions');
    bench.onServe = (session) => {
      if (session === first) bench.fanOut.add(second);
    };
    bench.fanOut.add(first);
    bench.fanOut.start();
    expect(bench.pass(10)).toEqual([0, 1]);
  });

  it('stops at once', () => {
    const bench = new Bench();
    bench.addAll();
    bench.fanOut.start();
    bench.fanOut.stop();
    expect(bench.pass(100)).toEqual([0, 1, 2]);
    expect(bench.time.plannedCount).toBe(0);
  });
});
