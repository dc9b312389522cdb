import { describe, expect, it } from 'vitest';
import { PUBLISHES_WAITING_MAX } from '../../src/broadcaster/publish-gate.ts';
import { DeliveryBench } from './delivery-bench.ts';

const PAUSE = { overflow: 'pause', maxPending: 2, messageTimeoutMs: 1000 } as const;

describe('a publish with the policy pause', () => {
  it('is accepted at once while every outbox has room', () => {
    const bench = new DeliveryBench(PAUSE);
    bench.peer('a');
    bench.submit('one');
    expect(bench.outcomes).toEqual(['one accepted']);
    expect(bench.statistics.pausedPublishes).toBe(0);
  });

  it('waits for the full outbox, and goes to nobody before it has room', () => {
    const bench = new DeliveryBench(PAUSE);
    const [slow, quick] = [bench.peer('slow'), bench.peer('quick')];
    for (const type of ['one', 'two']) bench.submit(type);
    quick.ack(1, 2);
    bench.submit('three');
    bench.pass(500);
    expect(bench.outcomes).toEqual(['one accepted', 'two accepted']);
    expect(quick.take()).toEqual(['1', '2']);
    slow.ack(1);
    bench.pass();
    expect(bench.outcomes).toEqual(['one accepted', 'two accepted', 'three accepted']);
    expect(quick.take()).toEqual(['3']);
    expect(slow.take()).toEqual(['1', '2', '3']);
  });

  it('passes in order with the others of its room', () => {
    const bench = new DeliveryBench(PAUSE);
    const slow = bench.peer('slow');
    for (const type of ['1', '2', '3', '4', '5']) bench.submit(type);
    slow.ack(1);
    bench.pass();
    expect(bench.outcomes).toEqual(['1 accepted', '2 accepted', '3 accepted']);
    slow.ack(2, 3);
    bench.pass();
    expect(bench.outcomes.slice(3)).toEqual(['4 accepted', '5 accepted']);
  });

  it('holds up no other room', () => {
    const bench = new DeliveryBench(PAUSE);
    bench.peer('slow', 'r1');
    const other = bench.peer('other', 'r2');
    for (const type of ['1', '2', '3']) bench.submit(type, 'r1');
    bench.submit('x', 'r2');
    expect(bench.outcomes).toEqual(['1 accepted', '2 accepted', 'x accepted']);
    expect(other.take()).toEqual(['1']);
  });

  it('falls back to a gap after the message timeout, and does not wait for that client again before it has room', () => {
    const bench = new DeliveryBench(PAUSE);
    const [stuck, quick] = [bench.peer('stuck'), bench.peer('quick')];
    for (const type of ['one', 'two', 'three']) bench.submit(type);
    quick.ack(1, 2);
    bench.pass(999);
    expect(bench.outcomes).toHaveLength(2);
    bench.pass(2);
    expect(bench.outcomes.at(-1)).toBe('three accepted');
    expect(stuck.take()).toEqual(['1', '2', '3-3 overflow']);
    expect(quick.take()).toEqual(['1', '2', '3']);
    bench.submit('four');
    expect(bench.outcomes.at(-1)).toBe('four accepted');
    expect(bench.statistics).toMatchObject({ pausedPublishes: 1, pauseTimeouts: 1, overflowed: 2 });
    stuck.ack(1, 2);
    quick.ack(3, 4);
    for (const type of ['five', 'six', 'seven']) bench.submit(type);
    expect(bench.outcomes.slice(-2)).toEqual(['five accepted', 'six accepted']);
    expect(bench.statistics.pausedPublishes).toBe(2);
  });

  it('waits for an absent client too, but no longer than for any other', () => {
    const bench = new DeliveryBench(PAUSE);
    bench.peer('away').drop();
    for (const type of ['one', 'two', 'three', 'four']) bench.submit(type);
    bench.pass(999);
    expect(bench.outcomes).toHaveLength(2);
    bench.pass(2);
    expect(bench.outcomes).toHaveLength(4);
  });

  it('passes when the client that it waits for is gone for good', () => {
    const bench = new DeliveryBench({ ...PAUSE, resumeTtlMs: 300 });
    bench.peer('leaving').drop();
    for (const type of ['one', 'two', 'three']) bench.submit(type);
    bench.pass(301);
    expect(bench.outcomes.at(-1)).toBe('three accepted');
    expect(bench.statistics.pauseTimeouts).toBe(0);
  });

  it('is refused when as many bytes wait as may', () => {
    const bench = new DeliveryBench({ ...PAUSE, waitingBytesMax: 1 });
    const slow = bench.peer('slow');
    for (let publish = 0; publish < 4; publish += 1) bench.submit('m');
    expect(bench.broadcaster.waitingPublishes).toBe(1);
    expect(bench.outcomes.at(-1)).toBe('m too many publishes wait already');
    slow.ack(1);
    bench.pass();
    bench.submit('m');
    expect(bench.broadcaster.waitingPublishes).toBe(1);
  });

  it('waits for an outbox that is full by bytes, until that has room', () => {
    const bench = new DeliveryBench({ ...PAUSE, maxPending: 1000, outboxBytesMax: 1 });
    const slow = bench.peer('slow');
    bench.submit('one');
    bench.submit('two');
    expect(bench.outcomes).toEqual(['one accepted']);
    slow.ack(1);
    bench.pass();
    expect(bench.outcomes).toEqual(['one accepted', 'two accepted']);
  });

  it('waits for room in the memory of all outboxes, wherever it comes from', () => {
    const bench = new DeliveryBench({ ...PAUSE, maxPending: 1000, outboxBytesTotalMax: 700 });
    const hoarder = bench.peer('hoarder', 'r1');
    bench.peer('reader', 'r2');
    for (const type of ['one', 'two', 'three']) bench.submit(type, 'r1');
    expect(bench.outcomes).toEqual(['one accepted', 'two accepted']);
    // The reader holds nothing, so it gets what is left.
    for (const type of ['four', 'five']) bench.submit(type, 'r2');
    expect(bench.outcomes.slice(2)).toEqual(['four accepted']);
    hoarder.ack(1, 2);
    bench.pass();
    expect(bench.outcomes.slice(3)).toEqual(['three accepted']);
    hoarder.ack(3);
    bench.pass();
    expect(bench.outcomes.slice(4)).toEqual(['five accepted']);
  });

  it('is refused when too many wait already', () => {
    const bench = new DeliveryBench(PAUSE);
    bench.peer('slow');
    for (let publish = 0; publish < PUBLISHES_WAITING_MAX + 3; publish += 1) bench.submit('m');
    expect(bench.broadcaster.waitingPublishes).toBe(PUBLISHES_WAITING_MAX);
    expect(bench.outcomes).toEqual(['m accepted', 'm accepted', 'm too many publishes wait already']);
  });

  it('is refused when the broadcaster drains or stops meanwhile, and leaves no timer', () => {
    for (const end of ['drain', 'stop'] as const) {
      const bench = new DeliveryBench(PAUSE);
      bench.peer('slow');
      for (const type of ['one', 'two', 'three']) bench.submit(type);
      if (end === 'drain') bench.broadcaster.drain(100);
      bench.broadcaster.stop('restart');
      expect(bench.outcomes.at(-1)).toBe('three draining');
      expect(bench.time.plannedCount).toBe(0);
    }
  });

  it('does not wait at the level at-most-once, where nobody acks', () => {
    const bench = new DeliveryBench({ ...PAUSE, delivery: 'at-most-once' });
    bench.peer('a');
    for (const type of ['one', 'two', 'three', 'four']) bench.submit(type);
    expect(bench.outcomes).toHaveLength(4);
  });
});
