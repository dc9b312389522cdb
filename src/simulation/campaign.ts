import { factKey } from '../delivery/fact.ts';
import { REASONS, type Reason } from '../delivery/reason.ts';
import type { Scenario } from '../scenario/schema.ts';
import { type CoveragePoint, keyOf, reachablePoints } from './coverage-point.ts';
import type { SeedReport } from './seed-task.ts';
import type { Violation } from './violation.ts';

/** The same of several seeds: what the first of them showed, and how many did. */
export interface SeedGroup<T> {
  readonly of: T;
  readonly seeds: number;
  readonly firstSeed: number;
}

export interface CoverageSummary {
  readonly point: CoveragePoint;
  /** Seeds that reached it. */
  readonly seeds: number;
}

/** The seeds of one scenario, taken together; in whatever order they come, the result is the same. */
export class Campaign {
  readonly scenario: Scenario;
  readonly explored: boolean;
  readonly #reports = new Map<number, SeedReport>();
  readonly #covered = new Map<string, number>();
  #failed = 0;
  #simulatedMs = 0;
  #events = 0;

  constructor(scenario: Scenario, explored: boolean) {
    this.scenario = scenario;
    this.explored = explored;
  }

  add(report: SeedReport): void {
    this.#reports.set(report.seed, report);
    if (report.exitCode === 3 || report.exitCode === 4) this.#failed += 1;
    this.#simulatedMs += report.simulatedMs;
    this.#events += report.events;
    for (const key of report.covered) this.#covered.set(key, (this.#covered.get(key) ?? 0) + 1);
  }

  /** Seeds run. */
  get done(): number {
    return this.#reports.size;
  }

  /** Seeds with a violation. */
  get failed(): number {
    return this.#failed;
  }

  get simulatedMs(): number {
    return this.#simulatedMs;
  }

  /** Things written, read and reset on all connections. */
  get events(): number {
    return this.#events;
  }

  /** By seed. */
  get reports(): SeedReport[] {
    return [...this.#reports.values()].sort((a, b) => a.seed - b.seed);
  }

  /** By kind and stage; those of most seeds first. */
  get violations(): SeedGroup<Violation>[] {
    return grouped(
      this.reports.flatMap(({ seed, violations }) =>
        violations.map((of) => ({ seed, of, key: `${of.kind} ${of.stage}` })),
      ),
    );
  }

  /** Why seeds say too little; those of most seeds first. */
  get inconclusive(): SeedGroup<Reason>[] {
    return grouped(
      this.reports
        .filter(({ exitCode }) => exitCode === 5)
        .flatMap(({ seed, reasons }) => reasons.map((of) => ({ seed, of, key: factKey(REASONS, of) }))),
    );
  }

  /** Everything that could be reached, and how many seeds reached it. */
  get coverage(): CoverageSummary[] {
    return reachablePoints(this.scenario, this.explored).map((point) => ({
      point,
      seeds: this.#covered.get(keyOf(point)) ?? 0,
    }));
  }
}

/** @param found - by seed */
function grouped<T>(
  found: readonly { readonly seed: number; readonly of: T; readonly key: string }[],
): SeedGroup<T>[] {
  const groups = new Map<
    string,
    { readonly of: T; readonly seeds: Set<number>; readonly firstSeed: number }
  >();
  for (const { seed, of, key } of found) {
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { of, firstSeed: seed, seeds: new Set([seed]) });
    else known.seeds.add(seed);
  }
  return [...groups.values()]
    .map(({ of, firstSeed, seeds }) => ({ of, firstSeed, seeds: seeds.size }))
    .sort((a, b) => b.seeds - a.seeds);
}
