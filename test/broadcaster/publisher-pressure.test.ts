import { describe, expect, it } from 'vitest';
import { DeliveryBench, type Peer } from './delivery-bench.ts';

/** Told at 8 of 10, and again at 5. */
const TEN = { overflow: 'pause', maxPending: 10, messageTimeoutMs: 1000 } as const;

let seq = 0;

function publishFrom(peer: Peer, room: string): void {
  seq += 1;
  peer.say({ seq, type: 'publish', payload: { room, type: 'chat', payload: {} } });
}

function talkerIn(bench: DeliveryBench): Peer {
  seq = 0;
  const talker = bench.peer('talker');
  publishFrom(talker, 'r1');
  bench.pass();
  talker.take();
  return talker;
}

function pressureIn(peer: Peer): string[] {
  return peer.link.texts.splice(0).filter((text) => text.includes('pressure'));
}

const HIGH = '{"kind":"pressure","state":"high"}';
const NORMAL = '{"kind":"pressure","state":"normal"}';

describe('pressure', () => {
  it('is high from 80 % of the cap of an outbox that the client feeds, and normal again at half of it', () => {
    const bench = new DeliveryBench(TEN);
    const slow = bench.peer('slow', 'r1');
    const talker = talkerIn(bench);
    for (let message = 0; message < 6; message += 1) bench.submit('m', 'r1');
    bench.pass();
    expect(pressureIn(talker)).toEqual([]);
    bench.submit('m', 'r1');
    bench.pass();
    expect(pressureIn(talker)).toEqual([HIGH]);
    slow.ack(1, 2);
    bench.pass();
    expect(pressureIn(talker)).toEqual([]);
    slow.ack(3);
    bench.pass();
    expect(pressureIn(talker)).toEqual([NORMAL]);
  });

  it('concerns those only that publish to the room', () => {
    const bench = new DeliveryBench(TEN);
    bench.peer('slow', 'r1');
    const [talker, silent] = [talkerIn(bench), bench.peer('silent', 'r1')];
    const elsewhere = bench.peer('elsewhere');
    publishFrom(elsewhere, 'r2');
    for (let message = 0; message < 8; message += 1) bench.submit('m', 'r1');
    bench.pass();
    expect(pressureIn(talker)).toEqual([HIGH]);
    expect([...pressureIn(silent), ...pressureIn(elsewhere)]).toEqual([]);
    publishFrom(elsewhere, 'r1');
    bench.pass();
    expect(pressureIn(elsewhere)).toEqual([HIGH]);
    expect(bench.statistics.pressured).toBe(2);
  });

  it('ends when the slow client is away', () => {
    const bench = new DeliveryBench(TEN);
    const slow = bench.peer('slow', 'r1');
    const talker = talkerIn(bench);
    for (let message = 0; message < 8; message += 1) bench.submit('m', 'r1');
    bench.pass();
    slow.drop();
    bench.pass();
    expect(pressureIn(talker)).toEqual([HIGH, NORMAL]);
  });

  it('ends when the slow client has taken nothing for the message timeout, until it is half empty', () => {
    const bench = new DeliveryBench(TEN);
    const slow = bench.peer('slow', 'r1');
    const talker = talkerIn(bench);
    for (let message = 0; message < 9; message += 1) bench.submit('m', 'r1');
    bench.pass(600);
    slow.ack(1);
    bench.pass(600);
    expect(pressureIn(talker)).toEqual([HIGH]);
    bench.pass(500);
    expect(pressureIn(talker)).toEqual([NORMAL]);
    bench.submit('m', 'r1');
    bench.pass();
    expect(pressureIn(talker)).toEqual([]);
    slow.ack(2, 3, 4, 5, 6, 7);
    for (let message = 0; message < 5; message += 1) bench.submit('m', 'r1');
    bench.pass();
    expect(pressureIn(talker)).toEqual([HIGH]);
  });

  it('is told again to a publisher that comes back', () => {
    const bench = new DeliveryBench(TEN);
    bench.peer('slow', 'r1');
    const talker = talkerIn(bench);
    for (let message = 0; message < 8; message += 1) bench.submit('m', 'r1');
    bench.pass();
    talker.drop();
    talker.resume();
    bench.pass();
    expect(pressureIn(talker)).toEqual([HIGH]);
  });

  it('does not exist under policies that make the slow client pay, nor at the level at-most-once', () => {
    for (const settings of [
      { ...TEN, overflow: 'drop-oldest' },
      { ...TEN, overflow: 'disconnect' },
      { ...TEN, delivery: 'at-most-once' },
    ] as const) {
      const bench = new DeliveryBench(settings);
      bench.peer('slow', 'r1');
      const talker = talkerIn(bench);
      for (let message = 0; message < 9; message += 1) bench.submit('m', 'r1');
      bench.pass();
      expect(pressureIn(talker)).toEqual([]);
    }
  });

  it('leaves nothing behind when the broadcaster stops', () => {
    const bench = new DeliveryBench(TEN);
    bench.peer('slow', 'r1');
    talkerIn(bench);
    for (let message = 0; message < 9; message += 1) bench.submit('m', 'r1');
    bench.broadcaster.stop('restart');
    expect(bench.time.plannedCount).toBe(0);
  });
});
