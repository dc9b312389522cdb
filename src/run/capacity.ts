import type { Scenario } from '../scenario/schema.ts';
import type { Result } from '../verdict/result.ts';

/**
 * The search for the highest rate that a server sustains: doubled until it does not hold, or halved until it does,
 * then narrowed down between the last that held and the first that did not.
 */

const GROWTH = 2;
const DOUBLINGS_MAX = 16;
const HALVINGS_MAX = 8;
/** The answer is known this closely: the first rate that failed is at most this factor above it. */
const PRECISION = 1.15;
/** Of what was asked, this much has to be published and delivered in time. */
const KEPT_RATIO = 0.95;
/** The p99 may grow by this factor over that of the first step before latency counts as bent. */
const BEND_FACTOR = 5;
/** Below this no p99 counts as bent. */
const BEND_US_MIN = 50_000;

export type Capacity = NonNullable<Result['capacity']>;
export type CapacityStep = Capacity['steps'][number];

/** Decides which rate to try next, from what the steps so far showed. */
export class CapacitySearch {
  readonly #steps: CapacityStep[] = [];
  readonly #rate: number;
  readonly #loadMs: number;

  /**
   * @param firstRate - broadcasts per second of all streams together
   * @param loadMs - length of the load of each step
   */
  constructor(firstRate: number, loadMs: number) {
    this.#rate = firstRate;
    this.#loadMs = loadMs;
  }

  /** @returns undefined when the answer is known closely enough */
  nextRate(): number | undefined {
    const held = this.#best();
    const failed = this.#lowestFailure();
    if (this.#steps.length === 0) return this.#rate;
    if (failed === undefined)
      return this.#steps.length > DOUBLINGS_MAX ? undefined : this.#highest() * GROWTH;
    if (held === undefined) return this.#steps.length > HALVINGS_MAX ? undefined : failed / GROWTH;
    return failed / held <= PRECISION ? undefined : Math.sqrt(failed * held);
  }

  /** Adds what one step showed. */
  add(result: Result, rate: number): CapacityStep {
    const step = stepOf(result, { ratePerSec: rate, loadMs: this.#loadMs }, this.#steps[0]);
    this.#steps.push(step);
    return step;
  }

  outcome(): Capacity {
    const best = this.#best();
    return {
      sustainablePerSec: best ?? 0,
      exhausted: this.#lowestFailure() !== undefined,
      steps: this.#steps.toSorted((a, b) => a.ratePerSec - b.ratePerSec),
    };
  }

  #best(): number | undefined {
    const failed = this.#lowestFailure() ?? Number.POSITIVE_INFINITY;
    const held = this.#steps.filter(({ sustained, ratePerSec }) => sustained && ratePerSec < failed);
    return held.length === 0 ? undefined : Math.max(...held.map(({ ratePerSec }) => ratePerSec));
  }

  #lowestFailure(): number | undefined {
    const failed = this.#steps.filter(({ sustained }) => !sustained);
    return failed.length === 0 ? undefined : Math.min(...failed.map(({ ratePerSec }) => ratePerSec));
  }

  #highest(): number {
    return Math.max(...this.#steps.map(({ ratePerSec }) => ratePerSec));
  }
}

/** Broadcasts per second of all streams together. */
export function totalRate(scenario: Scenario): number {
  return scenario.publish.reduce((sum, { rate }) => sum + rate, 0);
}

/** The scenario with all streams at another rate, in the proportions they had. */
export function atRate(scenario: Scenario, ratePerSec: number): Scenario {
  const factor = ratePerSec / totalRate(scenario);
  return {
    ...scenario,
    publish: scenario.publish.map((stream) => ({ ...stream, rate: stream.rate * factor })),
  };
}

/** What one step asked for. */
interface Asked {
  readonly ratePerSec: number;
  readonly loadMs: number;
}

function stepOf(result: Result, asked: Asked, first: CapacityStep | undefined): CapacityStep {
  const { generator, latency, rate } = result;
  const p99Us = latency.push?.p99 ?? 0;
  const measured = {
    ratePerSec: asked.ratePerSec,
    deliveredPerSec: rate.delivered,
    p50Us: latency.push?.p50 ?? 0,
    p99Us,
    slipP99Us: generator.scheduleSlip.p99,
    cpuShare: Math.max(generator.server?.cpuShare ?? 0, ...generator.workers.map(({ cpuShare }) => cpuShare)),
  };
  const why = whyNot(result, asked, p99Us, first);
  return { ...measured, sustained: why === undefined, ...(why === undefined ? {} : { why }) };
}

/** @returns undefined when the rate held */
function whyNot(
  result: Result,
  asked: Asked,
  p99Us: number,
  first: CapacityStep | undefined,
): CapacityStep['why'] {
  if (result.verdict !== 'pass') return result.reasons[0] ?? { code: 'no-record' };
  // A short load may begin or end within one message of the schedule.
  const onePerSec = 1000 / asked.loadMs;
  if (result.rate.published < asked.ratePerSec * KEPT_RATIO - onePerSec) return { code: 'publishers-behind' };
  const { owed, published } = result.delivery;
  const perMessage = owed / Math.max(1, published);
  if (result.rate.delivered < result.rate.published * perMessage * KEPT_RATIO)
    return { code: 'deliveries-behind' };
  const bend = Math.max(BEND_US_MIN, (first?.p99Us ?? p99Us) * BEND_FACTOR);
  return p99Us > bend ? { code: 'latency-bent' } : undefined;
}
