import type { Scenario } from '../scenario/schema.ts';
import type { SeedReport } from './seed-task.ts';

/** What the coordinator of a simulation tells a job. */
export type JobCommand =
  | {
      readonly kind: 'begin';
      readonly scenarios: readonly Scenario[];
      readonly explore: boolean;
    }
  | { readonly kind: 'run'; readonly share: Share };

/** Seeds of one scenario, one after the other. */
export interface Share {
  /** Place of the scenario among those of the job. */
  readonly scenario: number;
  readonly fromSeed: number;
  readonly count: number;
}

/** What a job answers: every seed of its share, and how long all of them took. */
export interface JobReport {
  readonly share: Share;
  readonly reports: readonly SeedReport[];
  readonly tookMs: number;
}
