import { describe, expect, it } from 'vitest';
import { ConnectionLife, ConnectionMeasures } from '../../src/load/connection-measures.ts';

describe('the connections of a client', () => {
  it('are counted by how each attempt ended, and timed from dialling', () => {
    const measures = new ConnectionMeasures();
    const life = new ConnectionLife(measures);
    life.dialled(0);
    life.refused(503);
    life.closed(1000, 1006);
    life.dialled(2000);
    life.closed(3000, 1006);
    life.dialled(4000);
    life.opened(4500);
    life.ready(5000);
    life.closed(24_500, 4001);
    expect(measures).toMatchObject({ attempts: 3, opened: 1, failed: 1 });
    expect([...measures.refused]).toEqual([[503, 1]]);
    expect([...measures.closed]).toEqual([[4001, 1]]);
    expect([measures.toOpen.maxUs, measures.toReady.maxUs, measures.lifetime.count]).toEqual([500, 1000, 1]);
    expect(measures.lifetime.maxUs).toBeGreaterThanOrEqual(20_000);
  });

  it('work for the part of load in which they were ready, up to the end of the run', () => {
    const measures = new ConnectionMeasures();
    measures.startLoad(1000, 11_000);
    const life = new ConnectionLife(measures);
    life.dialled(0);
    life.opened(10);
    life.ready(20);
    life.closed(3000, 1006);
    life.dialled(5000);
    life.opened(5500);
    life.ready(6000);
    life.settle(20_000);
    // From 1000 to 3000, and from 6000 to 11000.
    expect(measures.readyUs).toBe(7000);
    expect(measures.closed.size).toBe(1);
  });

  it('counts the socket that a second one took over from, and dates the second by nothing', () => {
    const measures = new ConnectionMeasures();
    const life = new ConnectionLife(measures);
    life.dialled(0);
    life.opened(100);
    life.ready(200);
    life.opened(50_000);
    life.ready(50_100);
    life.olderClosed(4409);
    expect(measures).toMatchObject({ attempts: 1, opened: 2 });
    expect([...measures.closed]).toEqual([[4409, 1]]);
    expect([measures.toOpen.count, measures.toReady.count]).toEqual([1, 1]);
  });

  it('add up over processes', () => {
    const [all, part] = [new ConnectionMeasures(), new ConnectionMeasures()];
    const life = new ConnectionLife(part);
    life.dialled(0);
    life.refused(429);
    life.closed(10, 1006);
    all.merge(part.toRecord());
    all.merge(part.toRecord());
    expect(all.attempts).toBe(2);
    expect([...all.refused]).toEqual([[429, 2]]);
  });
});
