import { describe, expect, it } from 'vitest';
import { DeliveryFixture, type Peer } from './delivery-fixture.ts';

/** Told at 8 of 10, and again at 5. */
const TEN = { overflow: 'pause', maxPending: 10, messageTimeoutMs: 1000 } as const;

let seq = 0;

function publishFrom(peer: Peer, room: string): void {
  seq += 1;
  peer.say({ seq, type: 'publish', payload: { room, type: 'chat', payload: {} } });
}

function talkerIn(fixture: DeliveryFixture): Peer {
  seq = 0;
  const talker = fixture.peer('talker');
  publishFrom(talker, 'r1');
  fixture.pass();
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
    const fixture = new DeliveryFixture(TEN);
    const slow = fixture.peer('slow', 'r1');
    const talker = talkerIn(fixture);
    for (let message = 0; message < 6; message += 1) fixture.submit('m', 'r1');
    fixture.pass();
    expect(pressureIn(talker)).toEqual([]);
    fixture.submit('m', 'r1');
    fixture.pass();
    expect(pressureIn(talker)).toEqual([HIGH]);
    slow.ack(1, 2);
    fixture.pass();
    expect(pressureIn(talker)).toEqual([]);
    slow.ack(3);
    fixture.pass();
    expect(pressureIn(talker)).toEqual([NORMAL]);
  });

  it('concerns those only that publish to the room', () => {
    const fixture = new DeliveryFixture(TEN);
    fixture.peer('slow', 'r1');
    const [talker, silent] = [talkerIn(fixture), fixture.peer('silent', 'r1')];
    const elsewhere = fixture.peer('elsewhere');
    publishFrom(elsewhere, 'r2');
    for (let message = 0; message < 8; message += 1) fixture.submit('m', 'r1');
    fixture.pass();
    expect(pressureIn(talker)).toEqual([HIGH]);
    expect([...pressureIn(silent), ...pressureIn(elsewhere)]).toEqual([]);
    publishFrom(elsewhere, 'r1');
    fixture.pass();
    expect(pressureIn(elsewhere)).toEqual([HIGH]);
    expect(fixture.statistics.pressured).toBe(2);
  });

  it('ends when the slow client is away', () => {
    const fixture = new DeliveryFixture(TEN);
    const slow = fixture.peer('slow', 'r1');
    const talker = talkerIn(fixture);
    for (let message = 0; message < 8; message += 1) fixture.submit('m', 'r1');
    fixture.pass();
    slow.drop();
    fixture.pass();
    expect(pressureIn(talker)).toEqual([HIGH, NORMAL]);
  });

  it('ends when the slow client has taken nothing for the message timeout, until it is half empty', () => {
    const fixture = new DeliveryFixture(TEN);
    const slow = fixture.peer('slow', 'r1');
    const talker = talkerIn(fixture);
    for (let message = 0; message < 9; message += 1) fixture.submit('m', 'r1');
    fixture.pass(600);
    slow.ack(1);
    fixture.pass(600);
    expect(pressureIn(talker)).toEqual([HIGH]);
    fixture.pass(500);
    expect(pressureIn(talker)).toEqual([NORMAL]);
    fixture.submit('m', 'r1');
    fixture.pass();
    expect(pressureIn(talker)).toEqual([]);
    slow.ack(2, 3, 4, 5, 6, 7);
    for (let message = 0; message < 5; message += 1) fixture.submit('m', 'r1');
    fixture.pass();
    expect(pressureIn(talker)).toEqual([HIGH]);
  });

  it('is told again to a publisher that comes back', () => {
    const fixture = new DeliveryFixture(TEN);
    fixture.peer('slow', 'r1');
    const talker = talkerIn(fixture);
    for (let message = 0; message < 8; message += 1) fixture.submit('m', 'r1');
    fixture.pass();
    talker.drop();
    talker.resume();
    fixture.pass();
    expect(pressureIn(talker)).toEqual([HIGH]);
  });

  it('does not exist under policies that make the slow client pay, nor at the level at-most-once', () => {
    for (const settings of [
      { ...TEN, overflow: 'drop-oldest' },
      { ...TEN, overflow: 'disconnect' },
      { ...TEN, delivery: 'at-most-once' },
    ] as const) {
      const fixture = new DeliveryFixture(settings);
      fixture.peer('slow', 'r1');
      const talker = talkerIn(fixture);
      for (let message = 0; message < 9; message += 1) fixture.submit('m', 'r1');
      fixture.pass();
      expect(pressureIn(talker)).toEqual([]);
    }
  });

  it('leaves nothing behind when the broadcaster stops', () => {
    const fixture = new DeliveryFixture(TEN);
    fixture.peer('slow', 'r1');
    talkerIn(fixture);
    for (let message = 0; message < 9; message += 1) fixture.submit('m', 'r1');
    fixture.broadcaster.stop('restart');
    expect(fixture.time.plannedCount).toBe(0);
  });
});
