import type { z } from 'zod';
import { type Scenario, scenarioSchema } from '../scenario/schema.ts';

type ScenarioText = z.input<typeof scenarioSchema>;

/** Clients of a variant's scenario when it does not say otherwise. */
const MUTANT_CLIENTS = 8;

/** A small scenario: eight clients in one room and seconds of load, but for what is said otherwise. */
export function mutantScenario(text: ScenarioText & { readonly name: string }): Scenario {
  return scenarioSchema.parse({
    clients: [{ count: MUTANT_CLIENTS, rooms: ['ticks'] }],
    publish: [{ room: 'ticks', rate: '20/s', size: '64B' }],
    ...text,
    duration: { rampUp: '100ms', warmUp: '200ms', load: '2s', settle: '5s', ...text.duration },
  });
}
