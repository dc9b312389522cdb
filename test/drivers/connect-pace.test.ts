import { describe, expect, it } from 'vitest';
import { ConnectPace } from '../../src/drivers/connect-pace.ts';
import { Connector } from '../../src/drivers/connector.ts';
import type { ClientLink } from '../../src/protocol/ports.ts';
import { VirtualTime } from '../../src/world/virtual/scheduler.ts';
import { FakeLink } from '../protocol/fake-link.ts';

class FakeClientLink extends FakeLink implements ClientLink {
  answerPings = true;
  sendBytes(): void {}
  limitReading(): void {}
  reset(): void {}
  drop(): void {}
}

/** Clients of one process whose every attempt is refused after 5 ms. */
class Refused {
  readonly time = new VirtualTime(1_000_000);
  /** Of each attempt, ms. */
  readonly dialsMs: number[] = [];
  readonly connectors: readonly Connector[];

  constructor(clients: number, perSec: number) {
    const pace = new ConnectPace(this.time, perSec);
    this.connectors = Array.from({ length: clients }, () => {
      return new Connector({
        owner: { onOpen() {}, onText() {}, onLost() {} },
        observer: { connecting() {}, closed() {}, olderClosed() {} },
        behaviour: { reconnect: { minMs: 1, maxMs: 1, jitter: 'none' } },
        ports: {
          timers: this.time,
          dial: (each) => {
            this.dialsMs.push(this.time.nowUs() / 1000 - 1000);
            this.time.after(5000, () => each.onClose(1006, 'refused'));
            return new FakeClientLink();
          },
          reconnectRandom: { next: () => 0.5 },
          pace,
        },
      });
    });
  }

  /** Attempts within a time. */
  between(fromMs: number, toMs: number): number {
    return this.dialsMs.filter((ms) => ms >= fromMs && ms < toMs).length;
  }
}

describe('the pace of connecting', () => {
  it('spreads a crowd, and those that come back, over slots of their own', () => {
    const crowd = new Refused(20, 50);
    for (const connector of crowd.connectors) connector.connect();
    crowd.time.runFor(3000);
    for (const from of [0, 1000, 2000]) expect(crowd.between(from, from + 1000)).toBe(50);
    const gaps = crowd.dialsMs.slice(1).map((ms, index) => ms - (crowd.dialsMs[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(19.9);
  });

  it('holds nobody up below the rate', () => {
    const few = new Refused(1, 1000);
    few.connectors[0]?.connect();
    few.time.runFor(100);
    // Every 6 ms: refused after 5, and a backoff of 1.
    expect(few.dialsMs.slice(0, 4)).toEqual([0, 6, 12, 18]);
  });

  it('takes one slot for a client that is told to connect twice', () => {
    const pair = new Refused(2, 10);
    const [first, second] = pair.connectors;
    first?.connect();
    second?.connect();
    second?.connect();
    pair.time.runFor(50);
    expect(pair.dialsMs).toEqual([0]);
  });

  it('gives a client that was kept away a slot of its own when it is let go', () => {
    const pair = new Refused(2, 10);
    const [first, second] = pair.connectors;
    first?.connect();
    second?.connect();
    second?.stayAway();
    pair.time.runFor(150);
    // Only the first, refused at 5 ms and with the third slot.
    expect(pair.dialsMs).toEqual([0]);
    second?.release();
    pair.time.runFor(300);
    expect(pair.dialsMs).toHaveLength(4);
    expect(pair.between(0, 290)).toBe(2);
  });
});
