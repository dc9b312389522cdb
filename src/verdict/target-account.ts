import { countOf } from '../delivery/intervals.ts';
import type { Result } from './result.ts';
import type { RunRecord } from './run-record.ts';

/** What a run knows of a target that it need not ask of its own broadcaster. */
type TargetAccount = Pick<Result, 'publishing' | 'received'>;

/** How the publishes of a run ended, and what clients could not judge of what they received; nothing without a target. */
export function targetAccount({ scenario, log, fleets }: RunRecord): TargetAccount {
  if (scenario.target === undefined) return {};
  const sum = (count: (stream: number) => number): number =>
    Array.from({ length: log.streamCount }, (_, stream) => count(stream)).reduce((all, one) => all + one, 0);
  const unconfirmed = sum((stream) => countOf(log.unconfirmed(stream)));
  return {
    publishing: {
      accepted: sum((stream) => countOf(log.accepted(stream))),
      rejected: sum((stream) => countOf(log.rejected(stream))),
      unknown: sum((stream) => countOf(log.unknown(stream))) - unconfirmed,
      unconfirmed,
    },
    received: {
      unverified: fleets.reduce((all, { unverified }) => all + unverified, 0),
      foreign: fleets.reduce((all, { foreign }) => all + foreign, 0),
      unmatched: fleets.reduce((all, { unmatched }) => all + unmatched.count, 0),
      unmatchedExamples: examplesOf(fleets),
    },
  };
}

/** Each process has kept a few of its own. */
const EXAMPLES_MAX = 5;

function examplesOf(fleets: RunRecord['fleets']): string[] {
  const examples = new Set(fleets.flatMap(({ unmatched }) => unmatched.examples));
  return [...examples].slice(0, EXAMPLES_MAX);
}
