import { describe, expect, it } from 'vitest';
import { clearOnSend } from '../../src/mutants/clear-on-send.ts';
import { simulateScenario } from '../../src/run/simulated-run.ts';
import type { Scenario } from '../../src/scenario/schema.ts';
import { storedFailure } from '../../src/simulation/claim.ts';
import { attempt } from '../../src/simulation/subject.ts';
import { identityOf, resultViolations } from '../../src/simulation/violation.ts';
import { assembleResult } from '../../src/verdict/assemble.ts';
import type { Result } from '../../src/verdict/result.ts';

const CONTEXT = { file: 'x.yaml', sha256: '', version: '1.2.3', startedAt: '' };
const { scenario, newBroadcaster } = clearOnSend;

function resultOf(broken: boolean): Result {
  const build = broken && newBroadcaster !== undefined ? { newBroadcaster } : {};
  return assembleResult(simulateScenario({ scenario, ...build }), CONTEXT);
}

function claiming(): Scenario {
  const [violation] = attempt({ scenario, variant: clearOnSend }).violations;
  if (violation === undefined) throw new Error('the variant does nothing wrong');
  return { ...scenario, found: { by: '', violation: identityOf(violation), variant: 'clear-on-send' } };
}

describe('what a result says of the failure that its file stores', () => {
  it('says whether a run has shown it', () => {
    expect(storedFailure(claiming(), resultOf(true))[0]).toMatchObject({ shown: true });
    expect(storedFailure(claiming(), resultOf(false))[0]).toMatchObject({ shown: false });
  });

  it('names the build that was broken', () => {
    expect(storedFailure(claiming(), resultOf(false))[0]).toMatchObject({ variant: 'clear-on-send' });
  });

  it('is absent where none is stored', () => {
    expect(storedFailure(scenario, resultOf(true))).toEqual([]);
  });
});

describe('a result file', () => {
  it('holds the same violations as the run that it is of', () => {
    const { violations } = attempt({ scenario, variant: clearOnSend });
    expect(violations.length).toBeGreaterThan(1);
    expect(resultViolations(resultOf(true), scenario.expect.allowReported)).toEqual(violations);
  });
});
