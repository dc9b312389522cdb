import { describe, expect, it } from 'vitest';
import { clearOnSend } from '../../src/mutants/clear-on-send.ts';
import { evictsBySize } from '../../src/mutants/evicts-by-size.ts';
import { lostDuringTakeover } from '../../src/mutants/lost-during-takeover.ts';
import { timersNeverCleared } from '../../src/mutants/timers-never-cleared.ts';
import type { Variant } from '../../src/mutants/variant.ts';
import { parseScenario } from '../../src/scenario/parse.ts';
import type { Scenario } from '../../src/scenario/schema.ts';
import { clientsOf } from '../../src/scenario/timeline.ts';
import { writeScenario } from '../../src/scenario/write-scenario.ts';
import { type Shrunk, shrink } from '../../src/simulation/shrink.ts';
import { attempt, type Subject } from '../../src/simulation/subject.ts';
import { isSame, type Violation } from '../../src/simulation/violation.ts';
import { scenarioWithFaults } from './many-faults.ts';

const FAULTS = 39;

function failing(
  variant: Variant,
  seed: number,
): { readonly subject: Subject; readonly violation: Violation } {
  const subject = { scenario: scenarioWithFaults(seed, FAULTS), variant };
  const [violation] = attempt(subject).violations;
  if (violation === undefined) throw new Error(`${variant.name} does nothing wrong with seed ${seed}`);
  return { subject, violation };
}

function shrunkFrom(variant: Variant, seed: number): Shrunk & { readonly from: Violation } {
  const { subject, violation } = failing(variant, seed);
  const shrunk = shrink({ subject, violation });
  if (shrunk === undefined) throw new Error(`${variant.name} does nothing wrong with its faults spelled out`);
  return { ...shrunk, from: violation };
}

function loadMs({ duration }: Scenario): number {
  return duration.rampUp + duration.warmUp + duration.load;
}

describe('a shrunk failure', () => {
  it.each([
    ['clear-on-send', clearOnSend, 1],
    ['clear-on-send', clearOnSend, 2],
    ['clear-on-send', clearOnSend, 3],
    ['lost-during-takeover', lostDuringTakeover, 1],
    ['evicts-by-size', evictsBySize, 1],
  ] as const)('of %s has at most two of 39 faults and one client', (_name, variant, seed) => {
    const { subject, violation, from, finished } = shrunkFrom(variant, seed);
    const { scenario } = subject;
    expect(scenario.faults.length).toBeLessThanOrEqual(2);
    expect(clientsOf(scenario).count).toBe(1);
    // Of 22 seconds, most of which have nothing to do with it.
    expect(loadMs(scenario)).toBeLessThan(4000);
    expect(isSame({ ...violation, client: from.client ?? 0 }, from)).toBe(true);
    expect(finished).toBe(true);
  });

  it('shows the violation on the client that it names, when it is run from its file', () => {
    const { subject, violation } = shrunkFrom(clearOnSend, 1);
    const outcome = parseScenario(writeScenario(subject.scenario), { file: 'shrunk.yaml' });
    if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
    expect(outcome.scenario).toEqual(subject.scenario);
    expect(attempt({ ...subject, scenario: outcome.scenario }).violations).toContainEqual(violation);
  });

  it('names every client, and says when each fault begins', () => {
    const { subject } = shrunkFrom(clearOnSend, 2);
    expect(subject.scenario.faults.some(({ clients }) => clients !== undefined)).toBe(true);
    for (const { at, clients } of subject.scenario.faults) {
      expect(at).toBeGreaterThanOrEqual(0);
      if (clients !== undefined) expect(clients).toEqual({ ids: [0] });
    }
  });

  it('is the same each time', () => {
    const [first, second] = [shrunkFrom(clearOnSend, 1), shrunkFrom(clearOnSend, 1)];
    expect(second.subject).toEqual(first.subject);
    expect(second.tries).toBe(first.tries);
  });

  it('needs no client in particular where the violation is of the whole run', () => {
    const { subject, violation } = shrunkFrom(timersNeverCleared, 1);
    expect(violation).toMatchObject({ kind: 'leak', cause: { what: 'timers' } });
    expect(violation.client).toBeUndefined();
    expect(subject.scenario.faults).toEqual([]);
  });

  it('keeps the assertion that is not met, and no other', () => {
    const scenario = scenarioWithFaults(1, 5);
    const assert = ['delivery.published < 3', 'delivery.lost.silent == 0'];
    const subject = { scenario: { ...scenario, expect: { ...scenario.expect, assert } } };
    const [violation] = attempt(subject).violations;
    if (violation === undefined) throw new Error('the assertion is met');
    expect(violation.kind).toBe('assertion');
    const shrunk = shrink({ subject, violation });
    expect(shrunk?.violation.cause).toMatchObject({
      code: 'assertion-failed',
      assertion: 'delivery.published < 3',
    });
    expect(shrunk?.subject.scenario).toMatchObject({ faults: [], publish: [{ room: '*' }] });
  });
});

describe('shrink', () => {
  it('stops at its number of tries with the best it has', () => {
    const { subject, violation } = failing(clearOnSend, 1);
    const shrunk = shrink({ subject, violation, triesMax: 7 });
    expect(shrunk?.tries).toBe(7);
    expect(shrunk?.finished).toBe(false);
    expect(shrunk?.subject.scenario.faults.length).toBeLessThan(FAULTS);
    expect(shrunk?.violation.kind).toBe(violation.kind);
  });

  it('stops when it is told that its time is over', () => {
    const { subject, violation } = failing(clearOnSend, 1);
    let looks = 0;
    const isOver = (): boolean => {
      looks += 1;
      return looks > 5;
    };
    const shrunk = shrink({ subject, violation, isOver });
    expect(shrunk?.finished).toBe(false);
    expect(shrunk?.tries).toBeLessThan(7);
  });

  it('gives nothing where the violation does not show', () => {
    const { subject, violation } = failing(clearOnSend, 1);
    expect(shrink({ subject, violation: { ...violation, kind: 'split-ownership' } })).toBeUndefined();
  });

  it('keeps room and patience of the server where losses that are reported are at issue', () => {
    const { subject, violation } = failing(evictsBySize, 1);
    const server = { ...subject.scenario.server, resumeTtl: 90_000 };
    const roomy = { ...subject, scenario: { ...subject.scenario, server } };
    expect(violation.kind).toBe('reported-loss');
    expect(shrink({ subject: roomy, violation })?.subject.scenario.server.resumeTtl).toBe(90_000);
  });
});
