import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Inbox, type InboxOwner } from '../../src/drivers/inbox.ts';
import { DedupWindow } from '../../src/protocol/dedup-window.ts';
import { randomStreams } from '../../src/world/random.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';

class Fixture implements InboxOwner<string> {
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
    const fixture = new Fixture({ ordered: false });
    fixture.push(3, 1, 3, 2);
    expect(fixture.handled).toEqual([3, 1, 3, 2]);
  });

  it('hands over one message at a time, each for its time', () => {
    const fixture = new Fixture({ ordered: false, handlerMs: 10 });
    fixture.push(1, 2, 3);
    fixture.time.runFor(10);
    expect([fixture.handled, fixture.inbox.size]).toEqual([[1], 2]);
    fixture.time.runFor(20);
    expect([fixture.handled, fixture.inbox.size, fixture.time.plannedCount]).toEqual([[1, 2, 3], 0, 0]);
  });

  it('works off what waits at once when the handler gets quick', () => {
    const fixture = new Fixture({ ordered: false, handlerMs: 10 });
    fixture.push(1, 2, 3);
    fixture.inbox.handlerMs = 0;
    fixture.time.runFor(10);
    expect(fixture.handled).toEqual([1, 2, 3]);
  });

  it('asks to stop reading when 1024 wait, and to go on when half of them are through', () => {
    const fixture = new Fixture({ ordered: false, handlerMs: 1 });
    fixture.push(...Array.from({ length: 1024 }, (_, index) => index + 1));
    // One of them is with the handler.
    expect(fixture.congestion).toEqual([]);
    fixture.push(1025);
    expect(fixture.congestion).toEqual([true]);
    fixture.time.runFor(511);
    expect(fixture.congestion).toEqual([true]);
    fixture.time.runFor(1);
    expect(fixture.congestion).toEqual([true, false]);
  });

  it('has room again after a restart', () => {
    const fixture = new Fixture({ ordered: true, handlerMs: 1 });
    fixture.push(...Array.from({ length: 1025 }, (_, index) => index + 1));
    fixture.inbox.restart({ ordered: true, resumed: true });
    expect([fixture.congestion, fixture.inbox.size]).toEqual([[true, false], 1]);
  });

  it('finishes a handler call that a restart interrupts, and does not start it again', () => {
    const fixture = new Fixture({ ordered: true, handlerMs: 10 });
    fixture.push(1, 2);
    fixture.inbox.restart({ ordered: true, resumed: true });
    expect(fixture.inbox.holds(1)).toBe(true);
    fixture.push(2);
    fixture.time.runFor(20);
    expect(fixture.handled).toEqual([1, 2]);
  });

  it('abandons a handler call whose session is gone', () => {
    const fixture = new Fixture({ ordered: true, handlerMs: 10 });
    fixture.push(1, 2);
    fixture.window.clear();
    fixture.inbox.restart({ ordered: true, resumed: false });
    fixture.time.runFor(100);
    expect([fixture.handled, fixture.time.plannedCount]).toEqual([[], 0]);
  });
});

describe('ordered inbox', () => {
  it('holds what lies above a hole until the hole is filled', () => {
    const fixture = new Fixture({ ordered: true });
    fixture.push(3, 2, 5);
    expect([fixture.handled, fixture.inbox.holds(3), fixture.inbox.holds(4)]).toEqual([[], true, false]);
    fixture.push(1);
    expect([fixture.handled, fixture.inbox.size]).toEqual([[1, 2, 3], 1]);
  });

  it('hands over nothing above a message whose handler failed, until that has come again', () => {
    const fixture = new Fixture({ ordered: true });
    fixture.poison.add('m2');
    fixture.push(1, 2, 3, 4);
    expect([fixture.handled, fixture.failed]).toEqual([[1], [2]]);
    fixture.poison.clear();
    fixture.push(2);
    expect(fixture.handled).toEqual([1, 2, 3, 4]);
  });

  it('keeps what was queued behind a message whose handler failed', () => {
    const fixture = new Fixture({ ordered: true, handlerMs: 10 });
    fixture.poison.add('m1');
    fixture.push(1, 2, 3);
    fixture.time.runFor(10);
    fixture.poison.clear();
    fixture.push(1);
    fixture.time.runFor(100);
    expect([fixture.handled, fixture.failed]).toEqual([[1, 2, 3], [1]]);
  });

  it('goes on behind a gap right where it waits', () => {
    const fixture = new Fixture({ ordered: true });
    fixture.push(1, 4, 5);
    fixture.gap(2, 3);
    expect(fixture.handled).toEqual([1, 4, 5]);
  });

  it('goes on behind a gap that was above a hole, when the hole is filled later', () => {
    const fixture = new Fixture({ ordered: true });
    fixture.push(1, 7);
    fixture.gap(4, 6);
    fixture.push(2);
    expect(fixture.handled).toEqual([1, 2]);
    fixture.push(3);
    expect(fixture.handled).toEqual([1, 2, 3, 7]);
  });

  it('goes on behind a gap above a hole with a message that comes last of all', () => {
    const fixture = new Fixture({ ordered: true });
    fixture.gap(2, 3);
    fixture.push(1);
    fixture.push(4);
    expect(fixture.handled).toEqual([1, 4]);
  });

  it('passes several gaps one behind the other', () => {
    const fixture = new Fixture({ ordered: true });
    fixture.gap(6, 6);
    fixture.gap(2, 4);
    fixture.push(7, 5);
    fixture.gap(1, 1);
    expect(fixture.handled).toEqual([5, 7]);
  });

  it('drops from what it holds whatever a gap covers', () => {
    const fixture = new Fixture({ ordered: true });
    fixture.push(2, 3);
    fixture.gap(1, 2);
    expect([fixture.handled, fixture.inbox.size]).toEqual([[3], 0]);
  });

  it('handles what is queued although a gap covers it by now, and goes on', () => {
    const fixture = new Fixture({ ordered: true, handlerMs: 10 });
    fixture.push(1, 2);
    fixture.gap(1, 2);
    fixture.push(3);
    fixture.time.runFor(100);
    expect(fixture.handled).toEqual([1, 2, 3]);
  });

  it('does not wait for a failed message that a gap has covered meanwhile', () => {
    const fixture = new Fixture({ ordered: true, handlerMs: 10 });
    fixture.poison.add('m1');
    fixture.push(1, 2);
    fixture.gap(1, 1);
    fixture.time.runFor(10);
    fixture.push(3);
    fixture.time.runFor(100);
    expect([fixture.failed, fixture.handled]).toEqual([[1], [2, 3]]);
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
          const fixture = new Fixture({ ordered: true, handlerMs, failureRatio, seed });
          const given = new Set<number>();
          // As the client does it: what was handled does not get here again.
          const arrive = (seq: number): void => {
            if (!fixture.window.has(seq) && !fixture.inbox.holds(seq)) fixture.push(seq);
          };
          for (const one of arrivals) {
            if (one.kind === 'message') arrive(one.seq);
            else if (one.kind === 'time') fixture.time.runFor(one.ms);
            else if (one.kind === 'restart') fixture.inbox.restart({ ordered: true, resumed: true });
            else {
              for (let seq = one.seq; seq <= one.seq + one.width; seq += 1) given.add(seq);
              fixture.gap(one.seq, one.seq + one.width);
            }
          }
          for (let round = 0; round < 400 && fixture.window.floor < 25; round += 1) {
            for (let seq = 1; seq <= 25; seq += 1) arrive(seq);
            fixture.time.runFor(300);
          }
          expect(fixture.window.floor).toBe(25);
          expect(fixture.handled).toEqual([...new Set(fixture.handled)].sort((a, b) => a - b));
          const missing = Array.from({ length: 25 }, (_, index) => index + 1).filter(
            (seq) => !fixture.handled.includes(seq) && !given.has(seq),
          );
          expect(missing).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
