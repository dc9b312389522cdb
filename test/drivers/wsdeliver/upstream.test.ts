import { describe, expect, it } from 'vitest';
import { UPSTREAM_MAX, Upstream } from '../../../src/drivers/wsdeliver/upstream.ts';
import { VirtualTime } from '../../../src/world/virtual/scheduler.ts';

/** A client's outbox in virtual time. */
class UpstreamFixture {
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

function welcomed(): UpstreamFixture {
  const fixture = new UpstreamFixture();
  fixture.upstream.onWelcome(false);
  return fixture;
}

describe('the outbox of a client', () => {
  it('sends when it has a session, and settles with the answer', () => {
    const fixture = new UpstreamFixture();
    fixture.send('a');
    expect(fixture.take()).toEqual([]);
    fixture.upstream.onWelcome(false);
    fixture.send('b');
    expect(fixture.take()).toEqual(['1', '2']);
    fixture.upstream.onAck(1);
    fixture.upstream.onNack(2, 'no');
    fixture.upstream.onAck(2);
    expect(fixture.outcomes).toEqual(['a accepted', 'b rejected']);
    expect(fixture.upstream.pending).toBe(0);
  });

  it('sends again in order after a resume what was not answered', () => {
    const fixture = welcomed();
    fixture.send('a', 'b', 'c');
    fixture.upstream.onAck(2);
    fixture.upstream.onClose();
    fixture.send('d');
    fixture.take();
    fixture.upstream.onWelcome(true);
    expect(fixture.take()).toEqual(['1#2', '3#2', '4']);
  });

  it('sends again what is overdue, later each time', () => {
    const fixture = welcomed();
    fixture.send('a');
    const sentAtMs: number[] = [];
    for (let ms = 0; ms <= 4000; ms += 1) {
      if (fixture.take().length > 0) sentAtMs.push(ms);
      fixture.time.runFor(1);
    }
    expect(sentAtMs).toEqual([0, 100, 300, 700, 1500, 2300, 3100, 3900]);
    fixture.upstream.onAck(1);
    fixture.time.runFor(10_000);
    expect([fixture.take(), fixture.time.plannedCount]).toEqual([[], 0]);
  });

  it('says nothing while it has no connection', () => {
    const fixture = welcomed();
    fixture.send('a');
    fixture.take();
    fixture.upstream.onClose();
    fixture.time.runFor(10_000);
    expect([fixture.take(), fixture.time.plannedCount]).toEqual([[], 0]);
  });

  it('does not know what became of what it had sent when the session is lost, and starts again at seq 1', () => {
    const fixture = welcomed();
    fixture.send('a');
    fixture.upstream.onClose();
    fixture.send('b');
    fixture.take();
    fixture.upstream.onWelcome(false);
    expect([fixture.outcomes, fixture.take()]).toEqual([['a unknown'], ['1']]);
  });

  it('holds new messages while the server asks to pause, and sends them in order after that', () => {
    const fixture = welcomed();
    fixture.send('a');
    fixture.upstream.onPressure(true);
    fixture.send('b', 'c');
    expect([fixture.upstream.paused, fixture.take()]).toEqual([true, ['1']]);
    fixture.upstream.onPressure(false);
    expect(fixture.take()).toEqual(['2', '3']);
  });

  it('has forgotten a pause when it comes back', () => {
    const fixture = welcomed();
    fixture.upstream.onPressure(true);
    fixture.send('a');
    fixture.upstream.onClose();
    fixture.upstream.onPressure(false);
    expect(fixture.take()).toEqual([]);
    fixture.upstream.onWelcome(true);
    expect([fixture.upstream.paused, fixture.take()]).toEqual([false, ['1']]);
  });

  it('rejects what it has no room for', () => {
    const fixture = welcomed();
    fixture.upstream.onPressure(true);
    for (let message = 0; message < UPSTREAM_MAX; message += 1) fixture.send('held');
    fixture.send('one too many');
    expect(fixture.outcomes).toEqual(['one too many rejected']);
    expect(fixture.upstream.pending).toBe(UPSTREAM_MAX);
  });

  it('gives up on every answer at the end', () => {
    const fixture = welcomed();
    fixture.send('a', 'b');
    fixture.upstream.abandon();
    fixture.upstream.onAck(1);
    expect([fixture.outcomes, fixture.time.plannedCount]).toEqual([['a unknown', 'b unknown'], 0]);
  });
});
