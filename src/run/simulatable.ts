import { assertionContext, parseAssertion } from '../scenario/assertion.ts';
import type { Scenario } from '../scenario/schema.ts';
import { targetText } from '../scenario/target/target-text.ts';

/** Why a scenario can't run in virtual time, in words; undefined when it can. */
export function obstacleToSimulation({ target, services, publish }: Scenario): string | undefined {
  const service = Object.keys(services)[0];
  if (service !== undefined)
    return `Cannot simulate the service "${service}": it is a process, and virtual time has none, a scenario without services is wanted`;
  if (target !== undefined)
    return `Cannot simulate "${targetText(target)}": it is a server elsewhere, a scenario without a target is wanted`;
  if (publish.some(({ rate }) => rate === Number.POSITIVE_INFINITY))
    return 'Cannot simulate the rate "max": virtual time has no capacity to measure, a rate per second is wanted';
  return undefined;
}

/** A scenario without the assertions that only a real process can meet or miss, and those assertions. */
export function withoutProcess(scenario: Scenario): {
  readonly scenario: Scenario;
  readonly omitted: readonly string[];
} {
  const context = assertionContext(scenario);
  const isOfProcess = (text: string): boolean => {
    const reading = parseAssertion(text, context);
    return reading.ok && reading.assertion.metric.ofProcess;
  };
  const { assert } = scenario.expect;
  const omitted = assert.filter(isOfProcess);
  const kept = assert.filter((text) => !omitted.includes(text));
  return { scenario: { ...scenario, expect: { ...scenario.expect, assert: kept } }, omitted };
}
