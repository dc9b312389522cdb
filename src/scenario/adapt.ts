import { scaleClients } from './scale.ts';
import type { Scenario } from './schema.ts';
import { clientsOf, matchingCount } from './timeline.ts';

/** Cost of a delivery in the server's process, in seconds of a core of the reference machine. */
const DELIVERY_COST_S = 22e-6;
/** Largest share of a core that the plan uses; the rest is reserve for faults and other processes. */
const USED_RATIO = 0.6;
/** With fewer clients, selectors with a count would select only one or two. */
const CLIENTS_MIN = 100;

/**
 * The scenario with as many of its clients as the machine can simulate; unchanged if it can simulate all.
 *
 * @param speed - cores of the reference machine that each process of the run gets
 */
export function adaptClients(scenario: Scenario, speed: number): Scenario {
  const asked = clientsOf(scenario).count;
  const wanted = deliveriesPerSec(scenario) * DELIVERY_COST_S;
  const used = Math.max(Math.min(CLIENTS_MIN, asked), Math.floor((asked * USED_RATIO * speed) / wanted));
  if (used >= asked) return scenario;
  const scaling = scaleClients(scenario, used);
  return scaling.ok ? scaling.scenario : scenario;
}

function deliveriesPerSec(scenario: Scenario): number {
  return scenario.publish.reduce((sum, { room, rate }) => {
    return sum + rate * matchingCount(scenario, room === '*' ? undefined : { room });
  }, 0);
}
