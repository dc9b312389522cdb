import { describe, expect, it } from 'vitest';
import { UPSTREAM_MAX, Upstream } from '../../../src/drivers/wsdeliver/upstream.ts';
import { VirtualTime } from '../../../src/world/virtual/scheduler.ts';

/** A client's outbox in virtual time. */
class UpstreamBench {
  readonly time = new VirtualTime();
  readonly said: string[] = [];
  readonly outcomes: string[] = [];
  readonly upstream = new Upstream({
    say: (text) => {
      const { seq, attempt } = JSON.parse(text) as { readonly seq: number; readonly attempt?: number };
      this.said.push(attempt === undefined ? `${seq}` : `${seq}#${attempt}`);
    },
    clock: this.time,
    timers: this.time,
    ackTimeoutMs: 100,
  });

  send(...names: string[]): void {
    for (const name of names) {
      const settle = ({ kind }: { readonly kind: string }): void =>
        void this.outcomes.push(`${name} ${kind}`);
      this.upstream.send({ type: 'note', payloadText: `"${name}"`, settle });
    }
  }

  take(): string[] {
    return this.said.splice(0);
  }
}

function welcomed(): UpstreamBench {
  const bench = new UpstreamBench();
  bench.upstream.onWelcome(false);
  return bench;
}

describe('the outbox of a client', () => {
  it('sends when it has a session, and settles with the answer', () => {
    const bench = new UpstreamBench();
    bench.send('a');
    expect(bench.take()).toEqual([]);
    bench.upstream.onWelcome(false);
    bench.send('b');
    expect(bench.take()).toEqual(['1', '2']);
    bench.upstream.onAck(1);
    bench.upstream.onNack(2, 'no');
    bench.upstream.onAck(2);
    expect(bench.outcomes).toEqual(['a accepted', 'b rejected']);
    expect(bench.upstream.pending).toBe(0);
  });

  it('sends again in order after a resume what was not answered', () => {
    const bench = welcomed();
    bench.send('a', 'b', 'c');
    bench.upstream.onAck(2);
    bench.upstream.onClose();
    bench.send('d');
    bench.take();
    bench.upstream.onWelcome(true);
    expect(bench.take()).toEqual(['1#2', '3#2', '4']);
  });

  it('sends again what is overdue, later each time', () => {
    const bench = welcomed();
    bench.send('a');
    const sentAtMs: number[] = [];
    for (let ms = 0; ms <= 4000; ms += 1) {
      if (bench.take().length > 0) sentAtMs.push(ms);
      bench.time.runFor(1);
    }
    expect(sentAtMs).toEqual([0, 100, 300, 700, 1500, 2300, 3100, 3900]);
    bench.upstream.onAck(1);
    bench.time.runFor(10_000);
    expect([bench.take(), bench.time.plannedCount]).toEqual([[], 0]);
  });

  it('says nothing while it has no connection', () => {
    const bench = welcomed();
    bench.send('a');
    bench.take();
    bench.upstream.onClose();
    bench.time.runFor(10_000);
    expect([bench.take(), bench.time.plannedCount]).toEqual([[], 0]);
  });

  it('does not know what became of what it had sent when the session is lost, and starts again at seq 1', () => {
    const bench = welcomed();
    bench.send('a');
    bench.upstream.onClose();
    bench.send('b');
    bench.take();
    bench.upstream.onWelcome(false);
    expect([bench.outcomes, bench.take()]).toEqual([['a unknown'], ['1']]);
  });

  it('holds new messages while the server asks to pause, and sends them in order after that', () => {
    const bench = welcomed();
    bench.send('a');
    bench.upstream.onPressure(true);
    bench.send('b', 'c');
    expect([bench.upstream.paused, bench.take()]).toEqual([true, ['1']]);
    bench.upstream.onPressure(false);
    expect(bench.take()).toEqual(['2', '3']);
  });

  it('has forgotten a pause when it comes back', () => {
    const bench = welcomed();
    bench.upstream.onPressure(true);
    bench.send('a');
    bench.upstream.onClose();
    bench.upstream.onPressure(false);
    expect(bench.take()).toEqual([]);
    bench.upstream.onWelcome(true);
    expect([bench.upstream.paused, bench.take()]).toEqual([false, ['1']]);
  });

  it('rejects what it has no room for', () => {
    const bench = welcomed();
    bench.upstream.onPressure(true);
    for (let message = 0; message < UPSTREAM_MAX; message += 1) bench.send('held');
    bench.send('one too many');
    expect(bench.outcomes).toEqual(['one too many rejected']);
    expect(bench.upstream.pending).toBe(UPSTREAM_MAX);
  });

  it('gives up on every answer at the end', () => {
    const bench = welcomed();
    bench.send('a', 'b');
    bench.upstream.abandon();
    bench.upstream.onAck(1);
    expect([bench.outcomes, bench.time.plannedCount]).toEqual([['a unknown', 'b unknown'], 0]);
  });
});
