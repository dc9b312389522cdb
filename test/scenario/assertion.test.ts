import { describe, expect, it } from 'vitest';
import { type AssertionOutcome, evaluateAssertion, parseAssertion } from '../../src/scenario/assertion.ts';
import { METRICS, metricNames } from '../../src/scenario/metric.ts';

const CONTEXT = { profiles: ['healthy', 'slow'], faults: ['half-open', 'drop'], services: ['app-1'] };

const RESULT = {
  delivery: { lost: { silent: 0, reportedBy: { overflow: 12 } }, published: 500 },
  profiles: { slow: { delivery: { lost: { silent: 3 } }, latency: { push: { count: 4, p99: 900_000 } } } },
  latency: {
    push: { unit: 'us', count: 1000, p50: 800, p99: 181_000, p999: 950_000, mean: 1500 },
    recovery: { count: 7, p99: 1_200_000 },
    redelivered: { count: 0, p99: 0 },
  },
  saturation: {
    'outbox.pending': { max: 40, final: 0, overWarning: 0.02 },
    rss: { max: 104_857_600 },
    'buffer.max': { count: 0, max: 0 },
    eventLoopDelay: { p99: 2500 },
  },
  rate: { delivered: 5123.4 },
  generator: { scheduleSlip: { p99: 1500 }, connected: 1000 },
  faults: [
    { name: 'half-open', planned: 60, fired: 59 },
    { name: 'half-open', planned: 40, fired: 31, effects: 5 },
    { name: 'drop', planned: 1, fired: 1 },
  ],
  connect: {
    attempts: 12,
    refused: { 503: 2, 429: 1 },
    closed: {},
    lifetime: { count: 0, p50: 0 },
    connectedShare: 0.75,
  },
  broadcast: { resent: 9 },
  anomalyCounts: { stuck: 2 },
};

function evaluate(text: string, result: unknown = RESULT): AssertionOutcome {
  const reading = parseAssertion(text, CONTEXT);
  if (!reading.ok) throw new Error(reading.message);
  return evaluateAssertion(reading.assertion, result);
}

describe('an assertion is judged by what the result says', () => {
  it.each([
    ['delivery.lost.silent == 0', '0', 'pass'],
    ['delivery.lost.silent{profile:slow} == 0', '3', 'fail'],
    ['delivery.lost.reportedBy.overflow > 0', '12', 'pass'],
    ['latency.push.p99 < 250ms', '181ms', 'pass'],
    ['latency.push{profile:slow}.p99 < 250ms', '900ms', 'fail'],
    ['latency.push.p99.9 <= 950ms', '950ms', 'pass'],
    ['latency.push{ profile: slow }.count >= 4', '4', 'pass'],
    ['latency.redelivered.count > 0', '0', 'fail'],
    ['recovery.p99 < 2s', '1.2s', 'pass'],
    ['latency.recovery.p99 > 1.2s', '1.2s', 'fail'],
    ['saturation.outbox.pending.final == 0', '0', 'pass'],
    ['saturation.outbox.pending.overWarning < 1%', '2%', 'fail'],
    ['saturation.rss.max < 200MiB', '100MiB', 'pass'],
    ['saturation.eventLoopDelay.p99 < 2ms', '2.5ms', 'fail'],
    ['rate.delivered >= 5000/s', '5123/s', 'pass'],
    ['generator.scheduleSlip.p99 < 5ms', '1.5ms', 'pass'],
    ['generator.connected == 1000', '1000', 'pass'],
    ['faults.half-open.fired >= 90', '90', 'pass'],
    ['faults.half-open.effects == 5', '5', 'pass'],
    ['connect.attempts == 12', '12', 'pass'],
    ['connect.refused == 0', '3', 'fail'],
    ['connect.refused{status:503} == 2', '2', 'pass'],
    ['connect.refused{status:404} == 0', '0', 'pass'],
    ['connect.closed{code:1006} == 0', '0', 'pass'],
    ['connect.closed > 0', '0', 'fail'],
    ['connect.lifetime.p50 > 1s', 'no data', 'no-data'],
    ['connect.connectedShare >= 90%', '75%', 'fail'],
    ['broadcast.resent != 9', '9', 'fail'],
    ['anomalies.stuck == 0', '2', 'fail'],
    ['anomalies.leak == 0', '0', 'pass'],
    ['  delivery.published   >=   500  ', '500', 'pass'],
  ])('%s: %s, %s', (text, actualText, status) => {
    expect(evaluate(text)).toMatchObject({ actualText, status });
  });

  it.each([
    'latency.redelivered.p99 < 1s',
    'latency.fanOutSpread.p99 < 1s',
    'broadcast.sent > 0',
    'faults.drop.effects > 0',
    'delivery.lost.silent{profile:healthy} == 0',
    'saturation.buffer.max.max < 1MiB',
  ])('%s is no data where the result has none, and never a pass', (text) => {
    expect(evaluate(text)).toEqual({ text, actual: undefined, actualText: 'no data', status: 'no-data' });
  });

  it('what only the server could show is no data without its record', () => {
    const blind = { anomalyCounts: {} };
    expect(evaluate('anomalies.stuck == 0', blind).status).toBe('no-data');
    expect(evaluate('anomalies.reorder == 0', blind).status).toBe('pass');
    expect(evaluate('anomalies.reorder == 0', {}).status).toBe('no-data');
  });

  it('nothing, NaN and text are no data', () => {
    for (const result of [
      0,
      null,
      'x',
      [],
      { delivery: { lost: { silent: Number.NaN } } },
      { delivery: { lost: { silent: '0' } } },
    ]) {
      expect(evaluate('delivery.lost.silent == 0', result).status).toBe('no-data');
    }
  });

  it('repeats itself in a tidy form', () => {
    expect(evaluate(' latency.push{profile:slow}.p99   <1s').text).toBe(
      'latency.push{profile:slow}.p99 < 1s',
    );
  });
});

describe('an assertion that cannot be read', () => {
  it.each([
    ['', 0, 'a metric is wanted first'],
    ['== 0', 0, 'a metric is wanted first'],
    ['delivery.lost.silnt == 0', 0, 'did you mean "delivery.lost.silent"?'],
    ['latency.push < 1s', 0, 'one of p50, p90, p99, p99.9, max, min, mean, count is wanted behind it'],
    ['latency.push.p95 < 1s', 0, '"p95" is no aggregate of latency.push, did you mean "p90"?'],
    [
      'latency.push.p99{profile:slow} < 1s',
      16,
      'labels stand before the aggregate, latency.push{profile:slow}.p99 is wanted',
    ],
    ['latency.push{profile:slwo}.p99 < 1s', 12, 'did you mean "slow"?'],
    ['latency.push{room:a}.p99 < 1s', 12, 'the only label is profile'],
    ['connect.refused{code:1006} == 0', 15, 'the only label is status, as in {status:503}'],
    ['connect.closed{code:99} == 0', 14, 'the only label is code, as in {code:1006}'],
    ['latency.push{}.p99 < 1s', 12, 'the only label is profile'],
    ['rate.delivered{profile:slow} > 1/s', 14, 'rate.delivered is not kept by profile'],
    ['delivery.lost.silent', 20, 'an operator is wanted'],
    ['delivery.lost.silent === 0', 21, 'an operator is wanted'],
    ['delivery.lost.silent == ', 24, 'a count is wanted'],
    ['delivery.lost.silent == 1%', 24, 'a count is wanted, a number without a unit'],
    ['latency.push.p99 < 250', 19, 'a duration needs a unit, for example 250ms'],
    ['rate.delivered > max', 17, 'Cannot compare with "max"'],
    ['faults.reset.fired > 0', 0, 'the scenario has no fault "reset", a fault is one of half-open, drop'],
    ['faults.half-open.fird > 0', 0, '"fird" is no aggregate of faults.half-open, did you mean "fired"?'],
  ])('%j says where (%d) and what is wanted', (text, offset, message) => {
    expect(parseAssertion(text, CONTEXT)).toEqual({
      ok: false,
      offset,
      message: expect.stringContaining(message),
    });
  });
});

describe('the catalogue of metrics', () => {
  it('has each name once, and each can be asserted', () => {
    const names = metricNames(CONTEXT.faults);
    expect(new Set(names).size).toBe(names.length);
    for (const plain of names) {
      const name = plain.replace(/^saturation\.services\.\w+/, '$&{service:app-1}');
      const read = ['0', '0ms'].map((bound) => parseAssertion(`${name} >= ${bound}`, CONTEXT).ok);
      expect([name, read[0]]).toEqual([name, true]);
    }
  });

  it('counts delivery and anomalies as promises of delivery, everything else as performance', () => {
    const promises = new Set(
      METRICS.filter(({ concerns }) => concerns === 'delivery').map(({ name }) => name.split('.')[0]),
    );
    expect([...promises]).toEqual(['delivery', 'anomalies']);
  });
});
