import type { Adjustments } from './overrides.ts';
import type { LoadedScenario } from './scenario-files.ts';

export interface SimulateOptions extends Adjustments {
  readonly seeds?: number;
  readonly jobs?: number;
  readonly timeLimit?: string;
  readonly explore?: boolean;
  readonly json?: string;
  readonly hashes?: string;
  readonly history?: string;
  readonly compare?: string;
  readonly out?: string;
  readonly quiet?: boolean;
  readonly color?: boolean;
}

/** A scenario that can run in virtual time, and what of it is not judged there. */
export interface SimulatableScenario extends LoadedScenario {
  readonly notes: readonly string[];
}
