import { describe, expect, it } from 'vitest';
import { VARIANTS } from '../../../src/mutants/registry.ts';
import { drawTimeline } from '../../../src/report/failure/timeline.ts';
import { attempt, type Subject } from '../../../src/simulation/subject.ts';
import { traceRun } from '../../../src/simulation/trace-run.ts';
import type { Violation } from '../../../src/simulation/violation.ts';
import { scenarioWithFaults } from '../../simulation/many-faults.ts';

const LINES_MAX = 20;

function timelineOf(subject: Subject, kind?: Violation['kind']): string[] {
  const violation = attempt(subject).violations.find((one) => kind === undefined || one.kind === kind);
  if (violation === undefined) throw new Error('nothing is wrong');
  return drawTimeline(traceRun(subject, violation), violation).trimEnd().split('\n');
}

function ownScenario(name: string): Subject {
  const variant = VARIANTS.find((one) => one.name === name);
  if (variant === undefined) throw new Error(`there is no variant ${name}`);
  const { scenario, network } = variant;
  return { scenario, variant, ...(network === undefined ? {} : { network }) };
}

describe('a timeline', () => {
  it.each(VARIANTS.map(({ name }) => name))(
    'of %s has at most 20 lines, from what is wrong to why, in order of time',
    (name) => {
      const lines = timelineOf(ownScenario(name));
      expect(lines.length).toBeLessThanOrEqual(LINES_MAX);
      expect(lines.at(-1)).toMatch(/^ {11}→ ./);
      const seconds = lines.flatMap((line) => /^ *(-?\d+\.\d{3})s {2}/.exec(line)?.[1] ?? []).map(Number);
      expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
      expect(seconds.length).toBeGreaterThan(0);
    },
  );

  it('tells of the faults, of the message concerned and of where it was lost', () => {
    const lines = timelineOf(ownScenario('clear-on-send'), 'silent-loss');
    const message = /^silent-loss \(not received\) of client \d: (p\d+:\d+)$/.exec(lines[0] ?? '')?.[1];
    expect(message).toBeDefined();
    const ofMessage = lines.filter((line) => line.includes(`${message} `));
    expect(ofMessage[0]).toContain(`publishes ${message} to room ticks`);
    expect(ofMessage[1]).toMatch(/server → client {2}p\d+:\d+ as seq \d+ × never arrives$/);
    expect(lines.filter((line) => line.includes('fault ')).map((line) => line.slice(28))).toEqual([
      'fault pause-reader begins',
      'fault reset',
      'fault pause-reader ends',
    ]);
  });

  it('says how much happened that it leaves out', () => {
    const lines = timelineOf({ ...ownScenario('clear-on-send'), scenario: scenarioWithFaults(1, 39) });
    expect(lines.length).toBe(LINES_MAX);
    expect(lines.some((line) => /^ {11}… \d+ messages, \d+ /.test(line))).toBe(true);
  });

  it('is told of a crash as well', () => {
    const subject = ownScenario('clear-on-send');
    const variant = {
      ...subject.variant,
      name: 'crashes',
      side: 'server' as const,
      defect: 'throws at the third session',
      scenario: subject.scenario,
      outcome: { kind: 'silent-loss' as const },
      consequences: [],
      newBroadcaster: () => {
        throw new Error('Cannot make broadcaster 7');
      },
    };
    const [violation] = attempt({ ...subject, variant }).violations;
    expect(violation).toMatchObject({
      kind: 'crash',
      cause: { code: 'threw', error: 'Error', where: expect.stringMatching(/newBroadcaster$/) },
    });
    if (violation === undefined) return;
    expect(drawTimeline(traceRun({ ...subject, variant }, violation), violation)).toBe(
      'crash\n           → Cannot make broadcaster 7\n',
    );
  });
});
