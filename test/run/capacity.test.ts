import { describe, expect, it } from 'vitest';
import { atRate, CapacitySearch, totalRate } from '../../src/run/capacity.ts';
import { scenarioSchema } from '../../src/scenario/schema.ts';
import type { Result } from '../../src/verdict/result.ts';
import { passingResult } from '../report/sample-result.ts';

const CLIENTS = 100;

/** A server that keeps up to `limit` broadcasts per second: above that it delivers no more, and late. */
function resultOf(rate: number, limit: number): Result {
  const sample = passingResult();
  const held = Math.min(rate, limit);
  const p99 = rate <= limit ? 10_000 : 2_000_000;
  const push = { ...(sample.latency.push ?? sample.generator.scheduleSlip), p50: 1000, p99 };
  const delivery = { ...sample.delivery, published: 1000, owed: 1000 * CLIENTS };
  return {
    ...sample,
    delivery,
    latency: { ...sample.latency, push },
    rate: { published: rate, delivered: held * CLIENTS },
  };
}

function search(limit: number): ReturnType<CapacitySearch['outcome']> {
  const capacity = new CapacitySearch(10, 60_000);
  for (let steps = 0; steps < 100; steps += 1) {
    const rate = capacity.nextRate();
    if (rate === undefined) return capacity.outcome();
    capacity.add(resultOf(rate, limit), rate);
  }
  throw new Error('the search does not end');
}

describe('capacity search', () => {
  it.each([1, 6, 11, 37, 640, 12_345])('finds a limit of %d to within 15 %%', (limit) => {
    const { sustainablePerSec, exhausted } = search(limit);
    expect(exhausted).toBe(true);
    expect(sustainablePerSec).toBeLessThanOrEqual(limit / 0.95);
    expect(sustainablePerSec).toBeGreaterThanOrEqual(limit / 1.16);
  });

  it('says so when not even a small part of the first rate holds', () => {
    const { sustainablePerSec, exhausted, steps } = search(0.001);
    expect({ sustainablePerSec, exhausted }).toEqual({ sustainablePerSec: 0, exhausted: true });
    expect(steps.length).toBeLessThan(12);
  });

  it('ends without an answer above a bound when everything holds', () => {
    const { exhausted, steps } = search(Number.POSITIVE_INFINITY);
    expect(exhausted).toBe(false);
    expect(steps.length).toBeLessThan(20);
  });

  it('names what gave way, and lists its steps by rate', () => {
    const { steps } = search(100);
    const rates = steps.map(({ ratePerSec }) => ratePerSec);
    expect(rates).toEqual(rates.toSorted((a, b) => a - b));
    expect(steps.find(({ sustained }) => !sustained)?.why?.code).toMatch(/behind|bent/);
  });

  it('takes a failed verdict for what it is', () => {
    const capacity = new CapacitySearch(10, 60_000);
    const REASON = { code: 'resource-violation', kind: 'leak', count: 3 } as const;
    const broken: Result = { ...resultOf(10, 1e9), verdict: 'fail', reasons: [REASON] };
    expect(capacity.add(broken, 10)).toMatchObject({ sustained: false, why: REASON });
  });

  it('scales all streams in proportion', () => {
    const scenario = scenarioSchema.parse({ publish: [{ rate: '30/s' }, { rate: '10/s' }] });
    expect(totalRate(scenario)).toBe(40);
    expect(atRate(scenario, 80).publish.map(({ rate }) => rate)).toEqual([60, 20]);
  });
});
