import { describe, expect, it } from 'vitest';
import { NaiveBroadcaster } from '../../src/broadcaster/naive-broadcaster.ts';
import { LinkState } from '../../src/protocol/ports.ts';
import { OversightBench } from './oversight-bench.ts';

function naive(): OversightBench {
  return new OversightBench({
    broadcaster: 'naive',
    delivery: 'at-most-once',
    pingIntervalMs: 100,
    pongTimeoutMs: 50,
  });
}

describe('naive broadcaster', () => {
  it('is made by the setting, and is no other otherwise', () => {
    expect(naive().broadcaster).toBeInstanceOf(NaiveBroadcaster);
    expect(new OversightBench().broadcaster).not.toBeInstanceOf(NaiveBroadcaster);
  });

  it('serves everybody while nobody fails', () => {
    const bench = naive();
    const clients = ['a', 'b', 'c'].map((id) => bench.connect(id));
    bench.publishMany(2);
    expect(clients.map((client) => client.messages())).toEqual([
      ['m1', 'm2'],
      ['m1', 'm2'],
      ['m1', 'm2'],
    ]);
    expect(bench.statistics.aborted).toBe(0);
  });

  it('breaks a broadcast off at the first closed socket, and says nothing to those behind it', () => {
    const bench = naive();
    const [before, dead, behind] = [bench.connect('a'), bench.connect('b'), bench.connect('c')];
    dead.link.state = LinkState.closing;
    const message = bench.publish('m');
    expect([before.messages(), behind.messages()]).toEqual([['m'], []]);
    expect(message.result).toMatchObject({ total: 3, sent: 1, failed: 2 });
    expect(bench.statistics).toMatchObject({ aborted: 1, failed: 2, dropped: 0 });
  });

  it('breaks a broadcast off at the first send that fails, and goes on with the next', () => {
    const bench = naive();
    const [before, failing, behind] = [bench.connect('a'), bench.connect('b'), bench.connect('c')];
    failing.link.sendErrors.push('ENOBUFS');
    bench.publishMany(2);
    expect([before.messages(), failing.messages(), behind.messages()]).toEqual([
      ['m1', 'm2'],
      ['m2'],
      ['m2'],
    ]);
    expect(bench.statistics).toMatchObject({ aborted: 1, failed: 2 });
  });

  it('never learns: a client that has gone stays in the loop, and its new socket does not help', () => {
    const bench = naive();
    const [dead, behind] = [bench.connect('a'), bench.connect('b')];
    dead.drop();
    const back = bench.connect('a');
    bench.publishMany(3);
    expect([behind.messages(), back.messages()]).toEqual([[], []]);
    expect(bench.statistics.aborted).toBe(3);
  });

  it('pings nobody', () => {
    const bench = naive();
    const client = bench.connect('a');
    bench.time.runFor(10_000);
    expect(client.link.pings).toBe(0);
  });

  it('accepts nothing once it drains, and leaves no timer', () => {
    const bench = naive();
    bench.connect('a');
    bench.broadcaster.drain(0);
    bench.publish('m');
    expect(bench.statistics.broadcasts).toBe(0);
    expect(bench.stop()).toBe(0);
  });
});
