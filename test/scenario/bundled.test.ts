import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findFault } from '../../src/faults/registry.ts';
import type { Scenario } from '../../src/scenario/schema.ts';
import { scenarioOf } from './sample.ts';

const FOLDER = new URL('../../scenarios/', import.meta.url);
const FILES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.yaml'))
  .sort();
const SCENARIOS: readonly (readonly [string, Scenario])[] = FILES.map((file) => [
  file,
  scenarioOf(readFileSync(new URL(file, FOLDER), 'utf8')),
]);

function totalMs({ duration }: Scenario): number {
  return duration.rampUp + duration.warmUp + duration.load;
}

describe('the bundled scenarios', () => {
  it('are all there', () => {
    expect(FILES).toEqual([
      'abrupt-drops.yaml',
      'ack-loss.yaml',
      'ack-timeout-too-tight.yaml',
      'alert-thresholds.yaml',
      'at-most-once-loses.yaml',
      'buffer-full-drops.yaml',
      'ci-smoke.yaml',
      'cumulative-acks.yaml',
      'dedup-window-too-small.yaml',
      'first-look.yaml',
      'half-open.yaml',
      'handler-crash.yaml',
      'healthy-baseline.yaml',
      'malformed-frames-contained.yaml',
      'missed-pongs.yaml',
      'nack-backoff.yaml',
      'naive-broadcast-breaks.yaml',
      'outbox-overflow.yaml',
      'overflow-disconnect.yaml',
      'overflow-drop-oldest.yaml',
      'overflow-pause-upstream.yaml',
      'overflow-pause.yaml',
      'overflow-reject.yaml',
      'ping-behind-payload.yaml',
      'poison-message-dead-letter.yaml',
      'problematic-client-degraded.yaml',
      'quickstart.yaml',
      'reconnect-storm.yaml',
      'resume-ttl-expired.yaml',
      'retry-only-failed.yaml',
      'room-actions.yaml',
      'room-isolation.yaml',
      'send-errors-retried.yaml',
      'server-restart-memory-store.yaml',
      'session-replaced.yaml',
      'slow-readers.yaml',
      'soak.yaml',
      'upstream-effectively-once.yaml',
    ]);
  });

  it.each(SCENARIOS)(
    '%s has the name of its file and states its claim in one sentence',
    (file, { name, description }) => {
      expect(`${name}.yaml`).toBe(file);
      expect(description).toMatch(/^[A-Z][^.]*\.$/);
    },
  );

  it.each(SCENARIOS)('%s cannot pass without its faults', (_, { faults, expect: { assert } }) => {
    for (const name of new Set(faults.map((fault) => fault.do))) {
      const counter = findFault(name)?.kind === 'acks' ? 'effects' : 'fired';
      expect(assert).toContain(`faults.${name}.${counter} > 0`);
    }
  });

  it.each(SCENARIOS)(
    '%s looks at silent loss and at something that has to happen',
    (_, { expect: { assert } }) => {
      expect(assert.some((text) => text.startsWith('delivery.lost.silent'))).toBe(true);
      expect(assert.some((text) => text.includes('>'))).toBe(true);
    },
  );

  // A soak that is over soon is none.
  it.each(SCENARIOS)('%s is over soon', (file, scenario) => {
    expect(totalMs(scenario)).toBeLessThanOrEqual(file === 'soak.yaml' ? 605_000 : 12_000);
    expect(scenario.clients.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(1000);
  });
});
