import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

/**
 * The same work with the sentences of the report as they are, and with every one of them in upper case. What is found,
 * compared, made small, kept and read back has to be the same: only people read a sentence.
 */

const WORDING = '../../src/report/wording/';
/** What holds no sentence of a finding: the type of a catalogue, how one is looked up, and words for whole sections. */
const OTHERS = ['catalogue.ts', 'sentence.ts', 'result.ts'];
const FILES = readdirSync(join(import.meta.dirname, WORDING));
const CATALOGUE = FILES.filter((name) => !OTHERS.includes(name));
const CONTEXT = { file: 'x.yaml', sha256: '', version: '1.2.3', startedAt: '' };

async function load() {
  return {
    assemble: await import('../../src/verdict/assemble.ts'),
    results: await import('../../src/verdict/read-result.ts'),
    scenarios: await import('../../src/scenario/parse.ts'),
    campaigns: await import('../../src/simulation/campaign.ts'),
    claims: await import('../../src/simulation/claim.ts'),
    failures: await import('../../src/simulation/failure.ts'),
    replays: await import('../../src/simulation/replay.ts'),
    seeds: await import('../../src/simulation/seed-task.ts'),
    subjects: await import('../../src/simulation/subject.ts'),
    violations: await import('../../src/simulation/violation.ts'),
    mutationTests: await import('../../src/mutants/mutation-test.ts'),
    controls: await import('../../src/mutants/control.ts'),
    broken: await import('../../src/mutants/clear-on-send.ts'),
    files: await import('../../src/report/failure/files.ts'),
    json: await import('../../src/report/json.ts'),
    text: await import('../../src/report/text.ts'),
    mutationTestTexts: await import('../../src/report/wording/mutation-test.ts'),
    faults: await import('../simulation/many-faults.ts'),
  };
}

type Modules = Awaited<ReturnType<typeof load>>;
type Variant = Modules['broken']['clearOnSend'];

/** Every sentence in upper case, in whatever a module of the catalogue exports. */
function shouted(value: unknown): unknown {
  if (typeof value === 'string') return value.toUpperCase();
  if (Array.isArray(value)) return value.map(shouted);
  if (typeof value === 'function') return (...facts: unknown[]) => shouted(value(...facts));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shouted(each)]));
}

function examined({ mutationTests }: Modules, variant: Variant) {
  const runs = mutationTests.testMutant(variant, 2);
  for (;;) {
    const step = runs.next();
    if (step.done === true) return step.value;
  }
}

/** A broken build that is judged, written to a result file and read back. */
function judged({ assemble, claims, json, results, violations, ...modules }: Modules) {
  const subject = { scenario: modules.faults.scenarioWithFaults(2, 20), variant: modules.broken.clearOnSend };
  const { run, violations: found } = modules.subjects.attempt(subject);
  const [violation] = found;
  if (run === undefined || violation === undefined) throw new Error('the variant does nothing wrong');
  const result = assemble.assembleResult(run.record, CONTEXT);
  const file = json.renderJson(result);
  const read = results.parseResult(file, 'result.json');
  const claiming = {
    ...subject.scenario,
    found: { by: '', violation: violations.identityOf(violation) },
  };
  const report = modules.text.renderText(result, { width: 100, color: false, unicode: true });
  return {
    subject,
    violation,
    texts: [file, report],
    facts: {
      verdict: assemble.verdictOf(run.record, run.findings),
      found,
      read,
      ofFile: violations.resultViolations(read, []),
      claim: claims.storedFailure(claiming, read),
    },
  };
}

/** The failure made small, kept in a file, and run again from it. */
function kept(
  modules: Modules,
  { subject, violation }: Pick<ReturnType<typeof judged>, 'subject' | 'violation'>,
) {
  const { failures, files, scenarios, replays, broken } = modules;
  const shrunk = failures.shrinkFailure({ subject, violation, version: '1.2.3' });
  const written = files.failureFiles(shrunk);
  const reading = scenarios.parseScenario(written.yaml, { file: 'failure.yaml' });
  const { found = undefined } = reading.ok ? reading.scenario : {};
  const again = reading.ok ? failures.subjectOf(reading.scenario, [broken.clearOnSend]) : undefined;
  if (found === undefined || again === undefined) throw new Error('the file of a failure can be read');
  const { outcome } = replays.replay({
    subject: again,
    violation: found.violation,
    history: [],
    ...(found.hash === undefined ? {} : { hash: found.hash }),
  });
  const { name, faults } = shrunk.subject.scenario;
  return {
    texts: [written.yaml, written.timeline, written.sequence, written.svg],
    facts: { name, faults, tries: shrunk.tries, violation: shrunk.violation, found, outcome },
  };
}

/** The judge proved by broken builds, and the seeds of a scenario taken together. */
function proved(modules: Modules) {
  const { controls, broken, campaigns, seeds, mutationTestTexts } = modules;
  const mutationTests = [broken.clearOnSend, ...controls.CONTROLS.map(({ variant }) => variant)].map(
    (variant) => examined(modules, variant),
  );
  const campaign = new campaigns.Campaign(broken.clearOnSend.scenario, true);
  for (const seed of [1, 2, 3, 4, 5])
    campaign.add(seeds.runTask({ scenario: broken.clearOnSend.scenario, seed, explore: true }));
  return {
    texts: [mutationTestTexts.failuresOf(mutationTests).join('\n')],
    facts: {
      mutationTests: mutationTests.map(({ variant: { name }, ...mutationTest }) => ({
        name,
        ...mutationTest,
      })),
      seenThrough: controls.CONTROLS.map((control, index) => {
        const mutationTest = mutationTests[index + 1];
        return mutationTest !== undefined && controls.isDetected(control, mutationTest);
      }),
      reports: campaign.reports,
      inconclusive: campaign.inconclusive,
    },
  };
}

function work(modules: Modules) {
  const first = judged(modules);
  const parts = [first, kept(modules, first), proved(modules)];
  return { facts: parts.map(({ facts }) => facts), texts: parts.flatMap(({ texts }) => texts) };
}

let plain: ReturnType<typeof work>;
let loud: ReturnType<typeof work>;

beforeAll(async () => {
  plain = work(await load());
  vi.resetModules();
  for (const name of CATALOGUE)
    vi.doMock(`${WORDING}${name}`, async (original) => shouted(await original()) as Record<string, unknown>);
  loud = work(await load());
}, 120_000);

/** Other test files of this process import the words as they are. */
afterAll(() => {
  for (const name of CATALOGUE) vi.doUnmock(`${WORDING}${name}`);
  vi.resetModules();
});

describe('other words for the same facts', () => {
  it('leave out no file that is not there', () => {
    expect(FILES).toEqual(expect.arrayContaining(OTHERS));
  });

  it('reach everything that people read', () => {
    expect(plain.texts.length).toBeGreaterThan(6);
    for (const [index, text] of plain.texts.entries()) {
      expect(loud.texts[index]).not.toBe(text);
      expect(loud.texts[index]?.toUpperCase()).toBe(text.toUpperCase());
    }
  });

  it('change no verdict, no violation, no claim, nothing that shrinks or is kept, and no proof of the judge', () => {
    expect(loud.facts).toEqual(plain.facts);
  });

  it('are about something: a failure that shows again from its file, and controls that are detected', () => {
    const [found, stored, proof] = loud.facts;
    expect(found).toMatchObject({ verdict: { verdict: 'fail', exitCode: 3 }, claim: [{ shown: true }] });
    expect(stored).toMatchObject({ outcome: 'identical', found: { variant: 'clear-on-send' } });
    expect(proof).toMatchObject({
      mutationTests: [{ caught: 2, failures: [] }, {}, {}],
      seenThrough: [true, true],
    });
  });
});
