import type { Reason } from '../delivery/reason.ts';
import { worstExitCode } from '../delivery/severity.ts';
import type { Campaign, CoverageSummary, SeedGroup } from './campaign.ts';
import { type Identity, identityOf } from './violation.ts';

/** What the seeds of one scenario came to: the document that reports are made from, and that `--json` writes. */
export interface SimulationSummary {
  readonly schema: 'wsdeliver.simulation/1';
  readonly scenario: { readonly name: string; readonly description: string; readonly file: string };
  /** Faults, settings and networks were drawn from the seeds. */
  readonly explored: boolean;
  readonly seeds: { readonly from: number; readonly asked: number; readonly done: number };
  readonly failed: number;
  /** Of the worst seed, or of the signal that ended it early. */
  readonly exitCode: number;
  /** By kind and stage, each as the first seed showed it. */
  readonly violations: readonly (Identity & SeedCount)[];
  /** Why seeds say too little. */
  readonly inconclusive: readonly ({ readonly reason: Reason } & SeedCount)[];
  /** Whatever else stands against a verdict: jobs that died, an interruption. */
  readonly notes: readonly string[];
  readonly coverage: readonly (CoverageSummary['point'] & { readonly seeds: number })[];
  readonly simulatedMs: number;
  /** Things written, read and reset on all connections. */
  readonly events: number;
  readonly wallMs: number;
  readonly jobs: number;
}

/** How many seeds showed something. */
interface SeedCount extends Omit<SeedGroup<unknown>, 'of'> {
  /** Command that runs the first seed alone. */
  readonly reproduce: string;
}

/** What a summary says beside what the campaign knows. */
export interface SummaryContext {
  readonly file: string;
  readonly fromSeed: number;
  /** Absent: as many as the time allowed. */
  readonly asked?: number;
  readonly jobs: number;
  readonly wallMs: number;
  readonly notes: readonly string[];
  /** A seed might have run that did not, for a reason that is nobody's wish. */
  readonly incomplete: boolean;
  /** Exit code of the signal that ended it early. */
  readonly interruptCode?: number;
  /** Command that runs one seed alone. */
  readonly reproduce: (seed: number) => string;
}

export function summarise(campaign: Campaign, context: SummaryContext): SimulationSummary {
  const { scenario, explored, reports } = campaign;
  const { reproduce } = context;
  const worst = worstExitCode(reports.map(({ exitCode }) => exitCode)) ?? 5;
  return {
    schema: 'wsdeliver.simulation/1',
    scenario: { name: scenario.name, description: scenario.description, file: context.file },
    explored,
    seeds: { from: context.fromSeed, asked: context.asked ?? campaign.done, done: campaign.done },
    failed: campaign.failed,
    exitCode: context.interruptCode ?? (worst === 0 && context.incomplete ? 5 : worst),
    violations: campaign.violations.map(({ of, ...group }) => ({
      ...identityOf(of),
      ...group,
      reproduce: reproduce(group.firstSeed),
    })),
    inconclusive: campaign.inconclusive.map(({ of, ...group }) => ({
      reason: of,
      ...group,
      reproduce: reproduce(group.firstSeed),
    })),
    notes: context.notes,
    coverage: campaign.coverage.map(({ point, seeds }) => ({ ...point, seeds })),
    simulatedMs: campaign.simulatedMs,
    events: campaign.events,
    wallMs: context.wallMs,
    jobs: context.jobs,
  };
}
