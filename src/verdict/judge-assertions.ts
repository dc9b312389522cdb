import type { Lateness } from '../delivery/reason.ts';
import type { KnownDefect } from '../delivery/verdict.ts';
import {
  type Assertion,
  type AssertionOutcome,
  assertionContext,
  evaluateAssertion,
  mayBeSlowness,
  parseAssertion,
} from '../scenario/assertion.ts';
import { unitOf } from '../scenario/metric.ts';
import type { Scenario } from '../scenario/schema.ts';
import type { Result } from './result.ts';
import type { SlowMachine } from './slow-machine.ts';
import { hangsOnExpiry } from './unexpired.ts';

export interface JudgedAssertion {
  readonly assertion: Assertion;
  readonly outcome: AssertionOutcome;
  readonly status: Result['assertions'][number]['status'];
  readonly late: Lateness | undefined;
  /** The defect that it says something of. */
  readonly defect: KnownDefect | undefined;
  /** It has no data because sessions had not expired when the run ended. */
  readonly hangsOnExpiry: boolean;
}

/** What was late when an assertion is unmet for it, or a time is met for nothing else but that. */
function latenessBehind(
  assertion: Assertion,
  { status, actual }: AssertionOutcome,
  machine: SlowMachine,
): Lateness | undefined {
  const { metric, bound } = assertion;
  if (status === 'no-data' || actual === undefined || !mayBeSlowness(assertion, actual)) return undefined;
  const isTime = unitOf(metric, assertion.aggregate) === 'duration';
  if (status === 'fail') return machine.lateness(isTime ? Math.abs(actual - bound) : undefined);
  const measuresTime = isTime || metric.name === 'isolation.ratio';
  return measuresTime && machine.isInvalid ? machine.lateness() : undefined;
}

/**
 * Judges the assertions of a scenario by what was measured.
 *
 * @param machine - what was late, and may be the cause of an unmet assertion
 */
export function judgeAssertions(
  scenario: Scenario,
  measured: object,
  options: {
    readonly isComplete: boolean;
    readonly machine: SlowMachine;
    /** Sessions whose time to expire had not come. */
    readonly unexpired: number;
  },
): JudgedAssertion[] {
  const { isComplete, machine, unexpired } = options;
  const context = assertionContext(scenario);
  const { assert, defect } = scenario.expect;
  const shows = defect?.shows ?? [];
  return [...assert, ...shows].map((text, index) => {
    const reading = parseAssertion(text, context);
    if (!reading.ok) throw new Error(`Cannot evaluate "${text}": ${reading.message}`);
    const { assertion } = reading;
    const outcome = evaluateAssertion(assertion, measured);
    const onExpiry = hangsOnExpiry(assertion, outcome, unexpired);
    const judged = {
      assertion,
      outcome,
      hangsOnExpiry: onExpiry,
      defect: index < assert.length ? undefined : defect,
    };
    if (onExpiry || (!isComplete && missedFromBelow(assertion, outcome)))
      return { ...judged, status: 'no-data', late: undefined };
    if (judged.defect !== undefined && outcome.status === 'fail')
      return { ...judged, status: 'inconclusive', late: undefined };
    const late = latenessBehind(assertion, outcome, machine);
    return { ...judged, status: late === undefined ? outcome.status : 'inconclusive', late };
  });
}

/** A worker without a record took along what its clients had seen: what is too little without it proves nothing. */
function missedFromBelow({ op, bound }: Assertion, { status, actual = bound }: AssertionOutcome): boolean {
  return status === 'fail' && (op === '>' || (actual < bound && (op === '>=' || op === '==')));
}
