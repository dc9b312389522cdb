import { Broadcaster, type BroadcasterOptions } from '../broadcaster/broadcaster.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class LivesOnItsOwnSends extends Broadcaster {
  constructor(options: BroadcasterOptions) {
    super(options);
    this.registry.listeners.add({ sent: (session) => this.registry.ownerOf.get(session)?.heartbeat?.life() });
  }
}

export const heartbeatFedBySends: Variant = {
  name: 'heartbeat-fed-by-sends',
  side: 'server',
  defect:
    'Successful writes count as signs of life, so that a silent client stays connected as long as it is sent messages.',
  scenario: mutantScenario({
    name: 'heartbeat-fed-by-sends',
    server: { heartbeat: { interval: '200ms', timeout: '100ms', missed: 2 } },
    duration: { load: '3s' },
    faults: [{ at: '200ms', for: '2500ms', clients: { ids: [0, 1] }, do: 'half-open' }],
  }),
  newBroadcaster: (options) => new LivesOnItsOwnSends(options),
  outcome: { kind: 'undetected' },
  consequences: [],
};
