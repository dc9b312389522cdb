import type { z } from 'zod';
import { type Scenario, scenarioSchema } from '../scenario/schema.ts';

type ScenarioText = z.input<typeof scenarioSchema>;

/** Default number of clients in the scenario of a variant. */
const MUTANT_CLIENTS = 8;

/** A small scenario with overrides: eight clients in one room and a few seconds of load. */
export function mutantScenario(text: ScenarioText & { readonly name: string }): Scenario {
  return scenarioSchema.parse({
    clients: [{ count: MUTANT_CLIENTS, rooms: ['ticks'] }],
    publish: [{ room: 'ticks', rate: '20/s', size: '64B' }],
    ...text,
    duration: { rampUp: '100ms', warmUp: '200ms', load: '2s', settle: '5s', ...text.duration },
  });
}
