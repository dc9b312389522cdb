import { describe, expect, it } from 'vitest';
import { NaiveBroadcaster } from '../../src/broadcaster/naive-broadcaster.ts';
import { LinkState } from '../../src/protocol/ports.ts';
import { MonitoringFixture } from './monitoring-fixture.ts';

function naive(): MonitoringFixture {
  return new MonitoringFixture({
    broadcaster: 'naive',
    delivery: 'at-most-once',
    pingIntervalMs: 100,
    pongTimeoutMs: 50,
  });
}

describe('naive broadcaster', () => {
  it('is made by the setting, and is no other otherwise', () => {
    expect(naive().broadcaster).toBeInstanceOf(NaiveBroadcaster);
    expect(new MonitoringFixture().broadcaster).not.toBeInstanceOf(NaiveBroadcaster);
  });

  it('serves everybody while nobody fails', () => {
    const fixture = naive();
    const clients = ['a', 'b', 'c'].map((id) => fixture.connect(id));
    fixture.publishMany(2);
    expect(clients.map((client) => client.messages())).toEqual([
      ['m1', 'm2'],
      ['m1', 'm2'],
      ['m1', 'm2'],
    ]);
    expect(fixture.statistics.aborted).toBe(0);
  });

  it('breaks a broadcast off at the first closed socket, and says nothing to those behind it', () => {
    const fixture = naive();
    const [before, dead, behind] = [fixture.connect('a'), fixture.connect('b'), fixture.connect('c')];
    dead.link.state = LinkState.closing;
    const message = fixture.publish('m');
    expect([before.messages(), behind.messages()]).toEqual([['m'], []]);
    expect(message.result).toMatchObject({ total: 3, sent: 1, failed: 2 });
    expect(fixture.statistics).toMatchObject({ aborted: 1, failed: 2, dropped: 0 });
  });

  it('breaks a broadcast off at the first send that fails, and goes on with the next', () => {
    const fixture = naive();
    const [before, failing, behind] = [fixture.connect('a'), fixture.connect('b'), fixture.connect('c')];
    failing.link.sendErrors.push('ENOBUFS');
    fixture.publishMany(2);
    expect([before.messages(), failing.messages(), behind.messages()]).toEqual([
      ['m1', 'm2'],
      ['m2'],
      ['m2'],
    ]);
    expect(fixture.statistics).toMatchObject({ aborted: 1, failed: 2 });
  });

  it('never learns: a client that has gone stays in the loop, and its new socket does not help', () => {
    const fixture = naive();
    const [dead, behind] = [fixture.connect('a'), fixture.connect('b')];
    dead.drop();
    const back = fixture.connect('a');
    fixture.publishMany(3);
    expect([behind.messages(), back.messages()]).toEqual([[], []]);
    expect(fixture.statistics.aborted).toBe(3);
  });

  it('pings nobody', () => {
    const fixture = naive();
    const client = fixture.connect('a');
    fixture.time.runFor(10_000);
    expect(client.link.pings).toBe(0);
  });

  it('accepts nothing once it drains, and leaves no timer', () => {
    const fixture = naive();
    fixture.connect('a');
    fixture.broadcaster.drain(0);
    fixture.publish('m');
    expect(fixture.statistics.broadcasts).toBe(0);
    expect(fixture.stop()).toBe(0);
  });
});
