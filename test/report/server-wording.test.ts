import { describe, expect, it } from 'vitest';
import { serverRows } from '../../src/report/wording/server.ts';
import type { Result } from '../../src/verdict/result.ts';
import { passingResult } from './sample-result.ts';

function rows(parts: Pick<Partial<Result>, 'broadcast' | 'metrics'>): string[] {
  const { metrics: _metrics, broadcast: _broadcast, ...rest } = passingResult();
  return serverRows({ ...rest, ...parts }).map(({ label, parts: words }) => `${label}: ${words.join(', ')}`);
}

describe('what the report says of the counters of the server', () => {
  it('has a line for each group with something to say, and none for the others', () => {
    expect(
      rows({
        broadcast: {
          ackTimeouts: 3,
          sendErrors: 0,
          problematicClients: 2,
          withheld: 40,
          queueCompleted: 7,
          sent: 9,
        },
      }),
    ).toEqual([
      'sends: 9 sent',
      'failures: 3 ack timeouts',
      'problematic: 2 times a client became problematic, 40 messages withheld',
      'queue: 7 completed',
    ]);
  });

  it('is silent when nothing happened or nobody looked', () => {
    expect(rows({ broadcast: { sent: 0 } })).toEqual([]);
    expect(rows({})).toEqual([]);
  });

  it('tells the metrics of the last window', () => {
    const metrics = {
      windowMs: 5000,
      sent: 95,
      failed: 5,
      successRatio: 0.95,
      latencyMeanUs: 2500,
      failures: { 'send-error': 5, overflow: 0 },
    };
    expect(rows({ metrics })[0]?.replaceAll('\u00a0', ' ').replaceAll('\u202f', ' ')).toBe(
      'metrics: 95.0 % of attempts in the last 5 seconds succeeded, 2.50 ms each on average, 5 send-error',
    );
  });

  it('has no metrics without an attempt', () => {
    expect(rows({ metrics: { windowMs: 5000, sent: 0, failed: 0, failures: {} } })).toEqual([]);
  });
});
