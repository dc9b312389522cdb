import { describe, expect, it } from 'vitest';
import { clearOnSend } from '../../src/mutants/clear-on-send.ts';
import { historyOf } from '../../src/simulation/failure.ts';
import { replay, type StoredRun } from '../../src/simulation/replay.ts';
import { attempt } from '../../src/simulation/subject.ts';

const SUBJECT = { scenario: clearOnSend.scenario, variant: clearOnSend };

function stored(): StoredRun {
  const { run, violations } = attempt(SUBJECT);
  const [violation] = violations;
  if (run === undefined || violation === undefined) throw new Error('the variant does nothing wrong');
  return { subject: SUBJECT, violation, hash: run.hash, history: historyOf(SUBJECT) };
}

/** One more message a second: everything after the first is at another instant. */
function faster({ subject, ...run }: StoredRun): StoredRun {
  const { scenario } = subject;
  const publish = scenario.publish.map((stream) => ({ ...stream, rate: stream.rate + 1 }));
  return { ...run, subject: { ...subject, scenario: { ...scenario, publish } } };
}

describe('replay', () => {
  it('finds the same violation in the same run, bit for bit', () => {
    const run = stored();
    expect(replay(run)).toMatchObject({ outcome: 'identical', violation: run.violation });
    expect(replay(run).divergence).toBeUndefined();
  });

  it('finds the same violation in a run that differs, and says from where on', () => {
    const { outcome, violation, divergence } = replay(faster(stored()));
    expect(outcome).toBe('similar');
    expect(violation?.kind).toBe('silent-loss');
    expect(divergence?.index).toBeGreaterThan(0);
    expect(divergence?.first).not.toBe(divergence?.second);
    expect(divergence?.first).toMatch(/^\d+\.\d{3}ms c\d#1 /);
  });

  it('cannot say from where on without a history', () => {
    expect(replay(faster({ ...stored(), history: [] })).divergence).toBeUndefined();
  });

  it('finds a violation gone with the correct build', () => {
    const run = { ...stored(), subject: { scenario: clearOnSend.scenario } };
    expect(replay(run)).toMatchObject({ outcome: 'gone', violations: [] });
  });

  it('takes another client, another kind or another cause for another violation, other numbers not', () => {
    const run = stored();
    const { violation } = run;
    const outcomeOf = (changed: Partial<typeof violation>): string =>
      replay({ ...run, violation: { ...violation, ...changed } }).outcome;
    expect(outcomeOf({ client: 7 })).toBe('gone');
    expect(outcomeOf({ kind: 'stuck' })).toBe('gone');
    expect(outcomeOf({ cause: { code: 'handled-before' } })).toBe('gone');
    expect(outcomeOf({ cause: { code: 'never-came', place: 'before' } })).toBe('gone');
    expect(outcomeOf({ direction: 'up' })).toBe('gone');
    expect(outcomeOf({})).toBe('identical');
  });
});
