import { scaleClients } from './scale.ts';
import type { Scenario } from './schema.ts';
import { clientsOf, matchingCount } from './timeline.ts';

/** What a delivery costs the server's process, in seconds of a core of the reference machine. */
const DELIVERY_COST_S = 22e-6;
/** Of what a process gets of a core, this much at most is planned for: the rest is for faults and for others. */
const USED_RATIO = 0.6;
/** Below this, selectors with a count come down to a client or two. */
const CLIENTS_MIN = 100;

/**
 * The scenario with as many of its clients as the machine can take; the same one when it can take them all.
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
