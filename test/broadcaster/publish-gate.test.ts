import { describe, expect, it } from 'vitest';
import { PUBLISHES_WAITING_MAX } from '../../src/broadcaster/publish-gate.ts';
import { DeliveryFixture } from './delivery-fixture.ts';

const PAUSE = { overflow: 'pause', maxPending: 2, messageTimeoutMs: 1000 } as const;

describe('a publish with the policy pause', () => {
  it('is accepted at once while every outbox has room', () => {
    const fixture = new DeliveryFixture(PAUSE);
    fixture.peer('a');
    fixture.submit('one');
    expect(fixture.outcomes).toEqual(['one accepted']);
    expect(fixture.statistics.pausedPublishes).toBe(0);
  });

  it('waits for the full outbox, and goes to nobody before it has room', () => {
    const fixture = new DeliveryFixture(PAUSE);
    const [slow, quick] = [fixture.peer('slow'), fixture.peer('quick')];
    for (const type of ['one', 'two']) fixture.submit(type);
    quick.ack(1, 2);
    fixture.submit('three');
    fixture.pass(500);
    expect(fixture.outcomes).toEqual(['one accepted', 'two accepted']);
    expect(quick.take()).toEqual(['1', '2']);
    slow.ack(1);
    fixture.pass();
    expect(fixture.outcomes).toEqual(['one accepted', 'two accepted', 'three accepted']);
    expect(quick.take()).toEqual(['3']);
    expect(slow.take()).toEqual(['1', '2', '3']);
  });

  it('passes in order with the others of its room', () => {
    const fixture = new DeliveryFixture(PAUSE);
    const slow = fixture.peer('slow');
    for (const type of ['1', '2', '3', '4', '5']) fixture.submit(type);
    slow.ack(1);
    fixture.pass();
    expect(fixture.outcomes).toEqual(['1 accepted', '2 accepted', '3 accepted']);
    slow.ack(2, 3);
    fixture.pass();
    expect(fixture.outcomes.slice(3)).toEqual(['4 accepted', '5 accepted']);
  });

  it('holds up no other room', () => {
    const fixture = new DeliveryFixture(PAUSE);
    fixture.peer('slow', 'r1');
    const other = fixture.peer('other', 'r2');
    for (const type of ['1', '2', '3']) fixture.submit(type, 'r1');
    fixture.submit('x', 'r2');
    expect(fixture.outcomes).toEqual(['1 accepted', '2 accepted', 'x accepted']);
    expect(other.take()).toEqual(['1']);
  });

  it('falls back to a gap after the message timeout, and does not wait for that client again before it has room', () => {
    const fixture = new DeliveryFixture(PAUSE);
    const [stuck, quick] = [fixture.peer('stuck'), fixture.peer('quick')];
    for (const type of ['one', 'two', 'three']) fixture.submit(type);
    quick.ack(1, 2);
    fixture.pass(999);
    expect(fixture.outcomes).toHaveLength(2);
    fixture.pass(2);
    expect(fixture.outcomes.at(-1)).toBe('three accepted');
    expect(stuck.take()).toEqual(['1', '2', '3-3 overflow']);
    expect(quick.take()).toEqual(['1', '2', '3']);
    fixture.submit('four');
    expect(fixture.outcomes.at(-1)).toBe('four accepted');
    expect(fixture.statistics).toMatchObject({ pausedPublishes: 1, pauseTimeouts: 1, overflowed: 2 });
    stuck.ack(1, 2);
    quick.ack(3, 4);
    for (const type of ['five', 'six', 'seven']) fixture.submit(type);
    expect(fixture.outcomes.slice(-2)).toEqual(['five accepted', 'six accepted']);
    expect(fixture.statistics.pausedPublishes).toBe(2);
  });

  it('waits for an absent client too, but no longer than for any other', () => {
    const fixture = new DeliveryFixture(PAUSE);
    fixture.peer('away').drop();
    for (const type of ['one', 'two', 'three', 'four']) fixture.submit(type);
    fixture.pass(999);
    expect(fixture.outcomes).toHaveLength(2);
    fixture.pass(2);
    expect(fixture.outcomes).toHaveLength(4);
  });

  it('passes when the client that it waits for is gone for good', () => {
    const fixture = new DeliveryFixture({ ...PAUSE, resumeTtlMs: 300 });
    fixture.peer('leaving').drop();
    for (const type of ['one', 'two', 'three']) fixture.submit(type);
    fixture.pass(301);
    expect(fixture.outcomes.at(-1)).toBe('three accepted');
    expect(fixture.statistics.pauseTimeouts).toBe(0);
  });

  it('is refused when as many bytes wait as may', () => {
    const fixture = new DeliveryFixture({ ...PAUSE, waitingBytesMax: 1 });
    const slow = fixture.peer('slow');
    for (let publish = 0; publish < 4; publish += 1) fixture.submit('m');
    expect(fixture.broadcaster.waitingPublishes).toBe(1);
    expect(fixture.outcomes.at(-1)).toBe('m too many publishes wait already');
    slow.ack(1);
    fixture.pass();
    fixture.submit('m');
    expect(fixture.broadcaster.waitingPublishes).toBe(1);
  });

  it('waits for an outbox that is full by bytes, until that has room', () => {
    const fixture = new DeliveryFixture({ ...PAUSE, maxPending: 1000, outboxBytesMax: 1 });
    const slow = fixture.peer('slow');
    fixture.submit('one');
    fixture.submit('two');
    expect(fixture.outcomes).toEqual(['one accepted']);
    slow.ack(1);
    fixture.pass();
    expect(fixture.outcomes).toEqual(['one accepted', 'two accepted']);
  });

  it('waits for room in the memory of all outboxes, wherever it comes from', () => {
    const fixture = new DeliveryFixture({ ...PAUSE, maxPending: 1000, outboxBytesTotalMax: 900 });
    const hoarder = fixture.peer('hoarder', 'r1');
    fixture.peer('reader', 'r2');
    for (const type of ['one', 'two', 'three']) fixture.submit(type, 'r1');
    expect(fixture.outcomes).toEqual(['one accepted', 'two accepted']);
    // The reader holds nothing, so it gets what is left.
    for (const type of ['four', 'five']) fixture.submit(type, 'r2');
    expect(fixture.outcomes.slice(2)).toEqual(['four accepted']);
    hoarder.ack(1, 2);
    fixture.pass();
    expect(fixture.outcomes.slice(3)).toEqual(['three accepted']);
    hoarder.ack(3);
    fixture.pass();
    expect(fixture.outcomes.slice(4)).toEqual(['five accepted']);
  });

  it('is refused when too many wait already', () => {
    const fixture = new DeliveryFixture(PAUSE);
    fixture.peer('slow');
    for (let publish = 0; publish < PUBLISHES_WAITING_MAX + 3; publish += 1) fixture.submit('m');
    expect(fixture.broadcaster.waitingPublishes).toBe(PUBLISHES_WAITING_MAX);
    expect(fixture.outcomes).toEqual(['m accepted', 'm accepted', 'm too many publishes wait already']);
  });

  it('is refused when the broadcaster drains or stops meanwhile, and leaves no timer', () => {
    for (const end of ['drain', 'stop'] as const) {
      const fixture = new DeliveryFixture(PAUSE);
      fixture.peer('slow');
      for (const type of ['one', 'two', 'three']) fixture.submit(type);
      if (end === 'drain') fixture.broadcaster.drain(100);
      fixture.broadcaster.stop('restart');
      expect(fixture.outcomes.at(-1)).toBe('three draining');
      expect(fixture.time.plannedCount).toBe(0);
    }
  });

  it('does not wait at the level at-most-once, where nobody acks', () => {
    const fixture = new DeliveryFixture({ ...PAUSE, delivery: 'at-most-once' });
    fixture.peer('a');
    for (const type of ['one', 'two', 'three', 'four']) fixture.submit(type);
    expect(fixture.outcomes).toHaveLength(4);
  });
});
