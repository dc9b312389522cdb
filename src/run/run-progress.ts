import type { FleetStatus } from '../load/fleet-record.ts';
import type { WorkerPool } from '../load/worker-pool.ts';
import type { Scenario } from '../scenario/schema.ts';
import { clientsOf } from '../scenario/timeline.ts';
import type { Phase, RunParts } from './phases.ts';

/** What a run says of itself while it is under way. */
export interface RunProgress {
  readonly phase: Phase;
  readonly elapsedMs: number;
  readonly totalMs: number;
  readonly connected: number;
  readonly asked: number;
  /** Since the run began. */
  readonly published: number;
  readonly delivered: number;
  readonly pending: number | undefined;
  readonly pushP99Us: number | undefined;
  readonly faults: readonly string[];
  /** While services are started: the one under way, how many are ready, and of how many. */
  readonly starting?: { readonly service: string; readonly ready: number; readonly asked: number };
}

/** How long each phase lasts when all goes well; where nobody can know, 0. */
const PHASE_MS: Readonly<Record<Phase, (duration: Scenario['duration']) => number>> = {
  services: () => 0,
  start: () => 0,
  connect: ({ rampUp }) => rampUp,
  probe: () => 0,
  'warm-up': ({ warmUp }) => warmUp,
  load: ({ load }) => load,
  drain: ({ settle }) => settle,
  judge: () => 0,
};

export function progressOf(
  { phase, elapsedMs }: Pick<RunProgress, 'phase' | 'elapsedMs'>,
  { scenario, publishers, server }: RunParts,
  pool: WorkerPool,
): RunProgress {
  const { statuses } = pool;
  return {
    phase,
    elapsedMs,
    totalMs: PHASE_MS[phase](scenario.duration),
    connected: pool.sum('ready'),
    asked: clientsOf(scenario).count,
    published: publishers.published,
    delivered: pool.sum('handled'),
    pending: server?.reference.inFlight(),
    pushP99Us: p99Of(statuses),
    faults: [...new Set(statuses.flatMap(({ faults }) => faults))],
  };
}

function p99Of(statuses: readonly FleetStatus[]): number | undefined {
  const known = statuses.map(({ pushP99Us }) => pushP99Us).filter((us) => us > 0);
  return known.length === 0 ? undefined : Math.max(...known);
}
