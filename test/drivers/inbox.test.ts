import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Inbox, type InboxOwner } from '../../src/drivers/inbox.ts';
import { DedupWindow } from '../../src/protocol/dedup-window.ts';
import { randomStreams } from '../../src/world/random.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';

class Bench implements InboxOwner<string> {
  readonly time = new VirtualTime();
  readonly window = new DedupWindow(10_000);
  readonly handled: number[] = [];
  readonly failed: number[] = [];
  readonly congestion: boolean[] = [];
  readonly poison = new Set<string>();
  readonly inbox: Inbox<string>;

  constructor(options: { ordered: boolean; handlerMs?: number; failureRatio?: number; seed?: number }) {
    this.inbox = new Inbox({
      owner: this,
      connector: {
        pauseReading: (cause) => this.congestion.push(cause === 'inbox'),
        resumeReading: (cause) => this.congestion.push(cause !== 'inbox'),
      },
      window: this.window,
      behaviour: { handlerMs: options.handlerMs ?? 0, handlerFailureRatio: options.failureRatio ?? 0 },
      ports: { timers: this.time, handlerRandom: randomStreams(options.seed ?? 1)('handler') },
    });
    this.inbox.isPoison = (delivery) => this.poison.has(delivery);
    this.inbox.restart({ ordered: options.ordered, resumed: false });
  }

  push(...seqs: number[]): void {
    for (const seq of seqs) this.inbox.push(seq, `m${seq}`);
  }

  /** As the client does it: the window first. */
  gap(from: number, to: number): void {
    this.window.cover(from, to);
    this.inbox.cover(from, to);
  }

  onHandled(seq: number): void {
    this.window.add(seq);
    this.handled.push(seq);
  }

  onFailed(seq: number): void {
    this.failed.push(seq);
  }
}

describe('inbox', () => {
  it('hands over what comes, as it comes, when it is not ordered', () => {
    const bench = new Bench({ ordered: false });
    bench.push(3, 1, 3, 2);
    expect(bench.handled).toEqual([3, 1, 3, 2]);
  });

  it('hands over one message at a time, each for its time', () => {
    const bench = new Bench({ ordered: false, handlerMs: 10 });
    bench.push(1, 2, 3);
    bench.time.runFor(10);
    expect([bench.handled, bench.inbox.size]).toEqual([[1], 2]);
    bench.time.runFor(20);
    expect([bench.handled, bench.inbox.size, bench.time.plannedCount]).toEqual([[1, 2, 3], 0, 0]);
  });

  it('works off what waits at once when the handler gets quick', () => {
    const bench = new Bench({ ordered: false, handlerMs: 10 });
    bench.push(1, 2, 3);
    bench.inbox.handlerMs = 0;
    bench.time.runFor(10);
    expect(bench.handled).toEqual([1, 2, 3]);
  });

  it('asks to stop reading when 1024 wait, and to go on when half of them are through', () => {
    const bench = new Bench({ ordered: false, handlerMs: 1 });
    bench.push(...Array.from({ length: 1024 }, (_, index) => index + 1));
    // One of them is with the handler.
    expect(bench.congestion).toEqual([]);
    bench.push(1025);
    expect(bench.congestion).toEqual([true]);
    bench.time.runFor(511);
    expect(bench.congestion).toEqual([true]);
    bench.time.runFor(1);
    expect(bench.congestion).toEqual([true, false]);
  });

  it('has room again after a restart', () => {
    const bench = new Bench({ ordered: true, handlerMs: 1 });
    bench.push(...Array.from({ length: 1025 }, (_, index) => index + 1));
    bench.inbox.restart({ ordered: true, resumed: true });
    expect([bench.congestion, bench.inbox.size]).toEqual([[true, false], 1]);
  });

  it('finishes a handler call that a restart interrupts, and does not start it again', () => {
    const bench = new Bench({ ordered: true, handlerMs: 10 });
    bench.push(1, 2);
    bench.inbox.restart({ ordered: true, resumed: true });
    expect(bench.inbox.holds(1)).toBe(true);
    bench.push(2);
    bench.time.runFor(20);
    expect(bench.handled).toEqual([1, 2]);
  });

  it('abandons a handler call whose session is gone', () => {
    const bench = new Bench({ ordered: true, handlerMs: 10 });
    bench.push(1, 2);
    bench.window.clear();
    bench.inbox.restart({ ordered: true, resumed: false });
    bench.time.runFor(100);
    expect([bench.handled, bench.time.plannedCount]).toEqual([[], 0]);
  });
});

describe('ordered inbox', () => {
  it('holds what lies above a hole until the hole is filled', () => {
    const bench = new Bench({ ordered: true });
    bench.push(3, 2, 5);
    expect([bench.handled, bench.inbox.holds(3), bench.inbox.holds(4)]).toEqual([[], true, false]);
    bench.push(1);
    expect([bench.handled, bench.inbox.size]).toEqual([[1, 2, 3], 1]);
  });

  it('hands over nothing above a message whose handler failed, until that has come again', () => {
    const bench = new Bench({ ordered: true });
    bench.poison.add('m2');
    bench.push(1, 2, 3, 4);
    expect([bench.handled, bench.failed]).toEqual([[1], [2]]);
    bench.poison.clear();
    bench.push(2);
    expect(bench.handled).toEqual([1, 2, 3, 4]);
  });

  it('keeps what was queued behind a message whose handler failed', () => {
    const bench = new Bench({ ordered: true, handlerMs: 10 });
    bench.poison.add('m1');
    bench.push(1, 2, 3);
    bench.time.runFor(10);
    bench.poison.clear();
    bench.push(1);
    bench.time.runFor(100);
    expect([bench.handled, bench.failed]).toEqual([[1, 2, 3], [1]]);
  });

  it('goes on behind a gap right where it waits', () => {
    const bench = new Bench({ ordered: true });
    bench.push(1, 4, 5);
    bench.gap(2, 3);
    expect(bench.handled).toEqual([1, 4, 5]);
  });

  it('goes on behind a gap that was above a hole, when the hole is filled later', () => {
    const bench = new Bench({ ordered: true });
    bench.push(1, 7);
    bench.gap(4, 6);
    bench.push(2);
    expect(bench.handled).toEqual([1, 2]);
    bench.push(3);
    expect(bench.handled).toEqual([1, 2, 3, 7]);
  });

  it('goes on behind a gap above a hole with a message that comes last of all', () => {
    const bench = new Bench({ ordered: true });
    bench.gap(2, 3);
    bench.push(1);
    bench.push(4);
    expect(bench.handled).toEqual([1, 4]);
  });

  it('passes several gaps one behind the other', () => {
    const bench = new Bench({ ordered: true });
    bench.gap(6, 6);
    bench.gap(2, 4);
    bench.push(7, 5);
    bench.gap(1, 1);
    expect(bench.handled).toEqual([5, 7]);
  });

  it('drops from what it holds whatever a gap covers', () => {
    const bench = new Bench({ ordered: true });
    bench.push(2, 3);
    bench.gap(1, 2);
    expect([bench.handled, bench.inbox.size]).toEqual([[3], 0]);
  });

  it('handles what is queued although a gap covers it by now, and goes on', () => {
    const bench = new Bench({ ordered: true, handlerMs: 10 });
    bench.push(1, 2);
    bench.gap(1, 2);
    bench.push(3);
    bench.time.runFor(100);
    expect(bench.handled).toEqual([1, 2, 3]);
  });

  it('does not wait for a failed message that a gap has covered meanwhile', () => {
    const bench = new Bench({ ordered: true, handlerMs: 10 });
    bench.poison.add('m1');
    bench.push(1, 2);
    bench.gap(1, 1);
    bench.time.runFor(10);
    bench.push(3);
    bench.time.runFor(100);
    expect([bench.failed, bench.handled]).toEqual([[1], [2, 3]]);
  });

  const arrival = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('message' as const), seq: fc.integer({ min: 1, max: 20 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('gap' as const),
        seq: fc.integer({ min: 1, max: 20 }),
        width: fc.nat(4),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.nat(30) }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  );

  it('handles each message at most once and in order, and all of them in the end, whatever comes when', () => {
    fc.assert(
      fc.property(
        fc.array(arrival, { maxLength: 60 }),
        fc.constantFrom(0, 10),
        fc.constantFrom(0, 0.3),
        fc.nat(),
        (arrivals, handlerMs, failureRatio, seed) => {
          const bench = new Bench({ ordered: true, handlerMs, failureRatio, seed });
          const given = new Set<number>();
          // As the client does it: what was handled does not get here again.
          const arrive = (seq: number): void => {
            if (!bench.window.has(seq) && !bench.inbox.holds(seq)) bench.push(seq);
          };
          for (const one of arrivals) {
            if (one.kind === 'message') arrive(one.seq);
            else if (one.kind === 'time') bench.time.runFor(one.ms);
            else if (one.kind === 'restart') bench.inbox.restart({ ordered: true, resumed: true });
            else {
              for (let seq = one.seq; seq <= one.seq + one.width; seq += 1) given.add(seq);
              bench.gap(one.seq, one.seq + one.width);
            }
          }
          for (let round = 0; round < 400 && bench.window.floor < 25; round += 1) {
            for (let seq = 1; seq <= 25; seq += 1) arrive(seq);
            bench.time.runFor(300);
          }
          expect(bench.window.floor).toBe(25);
          expect(bench.handled).toEqual([...new Set(bench.handled)].sort((a, b) => a - b));
          const missing = Array.from({ length: 25 }, (_, index) => index + 1).filter(
            (seq) => !bench.handled.includes(seq) && !given.has(seq),
          );
          expect(missing).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
