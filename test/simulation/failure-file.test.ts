import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { historyBeside, writeFailure } from '../../src/cli/failure-folder.ts';
import { Outputs } from '../../src/cli/outputs.ts';
import { clearOnSend } from '../../src/mutants/clear-on-send.ts';
import { type FailureFiles, failureFiles } from '../../src/report/failure/files.ts';
import { parseScenario } from '../../src/scenario/parse.ts';
import type { Scenario } from '../../src/scenario/schema.ts';
import { type Failure, historyOf, shrinkFailure, subjectOf } from '../../src/simulation/failure.ts';
import { replay } from '../../src/simulation/replay.ts';
import { attempt, type Subject } from '../../src/simulation/subject.ts';
import { scenarioWithFaults } from './many-faults.ts';

const SUBJECT: Subject = {
  scenario: scenarioWithFaults(2, 39),
  variant: clearOnSend,
  network: { up: { delayMs: 0.1, jitterMs: 100 / 3 }, down: { bytesPerSec: 100_000 }, kernelBytes: 8192 },
};

let failure: Failure;
let files: FailureFiles;
let read: Scenario;

beforeAll(() => {
  const [violation] = attempt(SUBJECT).violations;
  if (violation === undefined) throw new Error('the variant does nothing wrong');
  failure = shrinkFailure({ subject: SUBJECT, violation, version: '1.2.3' });
  files = failureFiles(failure);
  const outcome = parseScenario(files.yaml, { file: 'failure.yaml' });
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  read = outcome.scenario;
});

describe('the file of a failure', () => {
  it('is a scenario that says by what it was found, with which build, and what is wrong', () => {
    expect(read.name).toBe('many-faults-silent-loss-seed-2');
    expect(read.found).toMatchObject({ by: '1.2.3', variant: 'clear-on-send', hash: failure.found.hash });
    expect(read.found?.violation).toMatchObject({ kind: 'silent-loss', client: 0 });
    expect(files.yaml).toContain('# Found by wsdeliver simulate in "many-faults" with seed 2');
  });

  it('makes the same run again, bit for bit', () => {
    const subject = subjectOf(read, [clearOnSend]);
    if (subject === undefined || read.found === undefined) throw new Error('the file has a variant');
    const { violation, hash = '' } = read.found;
    const history = historyOf(subject);
    expect(replay({ subject, violation, hash, history })).toMatchObject({ outcome: 'identical' });
    expect(files.history.split('\n')).toEqual(history);
  });

  it('keeps the network without which nothing is wrong, and no other', () => {
    const narrow: Subject = {
      scenario: { ...clearOnSend.scenario, faults: [] },
      network: { up: { delayMs: 40_000 } },
    };
    const [violation] = attempt(narrow).violations;
    if (violation === undefined) throw new Error('nothing is wrong with a delay of 40 seconds');
    const { yaml } = failureFiles(shrinkFailure({ subject: narrow, violation, version: '1.2.3' }));
    const outcome = parseScenario(yaml, { file: 'narrow.yaml' });
    expect(outcome.ok && outcome.scenario.found?.network?.up?.delay).toBe(40_000);
    expect(outcome.ok && outcome.scenario.found?.network?.down).toBeUndefined();
  });

  it('names a build that is not there in vain', () => {
    expect(subjectOf(read, [])).toBeUndefined();
  });

  it('has its timeline, its diagrams and its history in files beside it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'wsdeliver-failure-'));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    const file = writeFailure(folder, failure, new Outputs([]));
    expect(readdirSync(folder).toSorted()).toEqual(
      ['history.txt', 'sequence.svg', 'sequence.txt', 'timeline.txt', 'yaml'].map(
        (ending) => `many-faults-silent-loss-seed-2.${ending}`,
      ),
    );
    expect(readFileSync(file, 'utf8')).toBe(files.yaml);
    expect(readFileSync(historyBeside(file), 'utf8')).toBe(files.history);
  });
});
