import type { Scenario } from '../scenario/schema.ts';
import { type Ports, targetWithPorts } from '../scenario/service-ports.ts';
import { clientsOf } from '../scenario/timeline.ts';
import type { ServiceSet, StartFailure } from '../server/services/service-set.ts';
import type { RunProgress } from './run-progress.ts';

export type { StartFailure };

/** How often progress is told while services start. */
const TELL_MS = 100;

/** A signal came while services were starting: there is nothing to report yet. */
export class ServicesInterrupted extends Error {
  override readonly name = 'ServicesInterrupted';
}

/**
 * Starts the services of a run, and tells of each.
 *
 * @throws {ServiceStartError}
 * @throws {ServicesInterrupted}
 */
export async function startServices(
  services: ServiceSet,
  options: {
    readonly scenario: Scenario;
    readonly signal: AbortSignal;
    readonly onProgress: (progress: RunProgress) => void;
  },
): Promise<void> {
  const fromMs = performance.now();
  const tell = (): void => {
    const { starting: service, readyCount: ready, count: asked } = services;
    if (service === undefined) return;
    options.onProgress({
      ...IDLE,
      asked: clientsOf(options.scenario).count,
      elapsedMs: performance.now() - fromMs,
      starting: { service, ready, asked },
    });
  };
  const timer = setInterval(tell, TELL_MS);
  try {
    if (!(await services.start(options.signal))) throw new ServicesInterrupted('interrupted');
  } finally {
    clearInterval(timer);
  }
}

const IDLE = {
  phase: 'services',
  totalMs: 0,
  connected: 0,
  published: 0,
  delivered: 0,
  pending: undefined,
  pushP99Us: undefined,
  faults: [],
} as const;

/** The scenario with the ports of its services in its target. */
export function scenarioWithPorts(scenario: Scenario, ports: Ports): Scenario {
  const { target, services } = scenario;
  return target === undefined ? scenario : { ...scenario, target: targetWithPorts(target, services, ports) };
}
