import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SPREAD_MESSAGES_MAX, Spread } from '../../src/measure/spread.ts';

describe('Spread', () => {
  it('measures from the first handling of a message to its last, in whatever order they are told', () => {
    const spread = new Spread();
    for (const atUs of [5000, 1000, 9000, 4000]) spread.record(1, 1, atUs);
    expect(spread.toHistogram()).toMatchObject({ count: 1, minUs: 8000 });
  });

  it('keeps messages and streams apart', () => {
    const spread = new Spread();
    spread.record(1, 1, 100);
    spread.record(1, 2, 1000);
    spread.record(2, 1, 9000);
    expect(spread.toHistogram()).toMatchObject({ count: 3, maxUs: 1 });
  });

  it('leaves out the stream it is told to skip', () => {
    const spread = new Spread();
    spread.record(0, 1, 1);
    spread.record(0, 1, 500_000);
    spread.record(1, 1, 1);
    expect(spread.toHistogram(0)).toMatchObject({ count: 1, maxUs: 1 });
  });

  it('counts messages beyond its limit instead of measuring them', () => {
    const spread = new Spread();
    spread.record(1, SPREAD_MESSAGES_MAX, 10);
    spread.record(1, SPREAD_MESSAGES_MAX + 3, 10);
    expect(spread.sampledOut).toBe(3);
    expect(spread.toHistogram().count).toBe(1);
  });

  it('has the same spread and the same count left out after a trip through records of several workers', () => {
    const handlings = fc.array(
      fc.record({
        worker: fc.integer({ min: 0, max: 2 }),
        stream: fc.integer({ min: 0, max: 3 }),
        seq: fc.oneof(
          fc.integer({ min: 1, max: 40 }),
          fc.integer({ min: SPREAD_MESSAGES_MAX - 1, max: SPREAD_MESSAGES_MAX + 5 }),
        ),
        atUs: fc.integer({ min: 0, max: 10_000_000_000 }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(handlings, (all) => {
        const whole = new Spread();
        const workers = [new Spread(), new Spread(), new Spread()];
        for (const { worker, stream, seq, atUs } of all) {
          whole.record(stream, seq, atUs);
          workers[worker]?.record(stream, seq, atUs);
        }
        const merged = new Spread();
        for (const worker of workers) merged.merge(JSON.parse(JSON.stringify(worker.toRecord())));
        expect(merged.toHistogram().summarise()).toEqual(whole.toHistogram().summarise());
        expect(merged.sampledOut).toBe(whole.sampledOut);
      }),
      { numRuns: 20 },
    );
  });
});
