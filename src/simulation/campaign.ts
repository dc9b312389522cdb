import type { Scenario } from '../scenario/schema.ts';
import { type CoveragePoint, keyOf, reachablePoints } from './coverage.ts';
import type { SeedReport } from './seed-task.ts';
import type { Violation } from './violation.ts';

/** The same trouble in any number of seeds. */
export interface TroubleGroup {
  /** Kind of violation, or in words why seeds say too little. */
  readonly name: string;
  /** Where it went wrong; empty when unknown. */
  readonly stage: string;
  readonly seeds: number;
  readonly firstSeed: number;
  /** Of the first seed. */
  readonly cause: string;
  readonly violation?: Violation;
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
  get violations(): TroubleGroup[] {
    return grouped(
      this.reports.flatMap(({ seed, violations }) =>
        violations.map((violation) => ({
          seed,
          name: violation.kind,
          stage: violation.stage,
          cause: violation.cause,
          violation,
        })),
      ),
    );
  }

  /** Why seeds say too little; those of most seeds first. */
  get inconclusive(): TroubleGroup[] {
    return grouped(
      this.reports
        .filter(({ exitCode }) => exitCode === 5)
        .flatMap(({ seed, reasons }) =>
          reasons.map((cause) => ({ seed, name: cause.replaceAll(/\d+(\.\d+)?/g, '#'), stage: '', cause })),
        ),
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

interface Trouble {
  readonly seed: number;
  readonly name: string;
  readonly stage: string;
  readonly cause: string;
  readonly violation?: Violation;
}

/** @param troubles - by seed */
function grouped(troubles: readonly Trouble[]): TroubleGroup[] {
  const groups = new Map<string, { readonly first: Trouble; readonly seeds: Set<number> }>();
  for (const trouble of troubles) {
    const key = `${trouble.name}/${trouble.stage}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { first: trouble, seeds: new Set([trouble.seed]) });
    else known.seeds.add(trouble.seed);
  }
  return [...groups.values()]
    .map(({ first: { seed, ...rest }, seeds }) => ({ ...rest, firstSeed: seed, seeds: seeds.size }))
    .sort((a, b) => b.seeds - a.seeds);
}
