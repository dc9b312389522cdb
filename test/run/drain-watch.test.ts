import { expect, it } from 'vitest';
import { DrainWatch } from '../../src/run/drain-watch.ts';
import { scenarioSchema } from '../../src/scenario/schema.ts';

it('a drain is not over while a worker that waits for a CPU may still read what is missing', () => {
  let nowUs = 0;
  const scenario = scenarioSchema.parse({ server: { outbox: { ackTimeout: '100ms' } } });
  const watch = new DrainWatch({ scenario, server: undefined, clock: { nowUs: () => nowUs } });
  const looks = (counts: { readonly progress: number; readonly reports: number }): boolean =>
    watch.look({ ready: 1, gone: 0, unfinished: 1, ...counts }, 1);
  expect(looks({ progress: 1, reports: 10 })).toBe(false);
  nowUs += 2_000_000;
  expect(looks({ progress: 1, reports: 11 })).toBe(false);
  expect(looks({ progress: 2, reports: 12 })).toBe(false);
  nowUs += 2_000_000;
  expect(looks({ progress: 2, reports: 15 })).toBe(true);
});
