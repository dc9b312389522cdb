import { Broadcaster, type BroadcasterOptions } from '../broadcaster/broadcaster.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class ForgetsRequests extends Broadcaster {
  constructor(options: BroadcasterOptions) {
    super(options);
    this.registry.listeners.add({ owned: (session) => this.upstream.discarded(session) });
  }
}

export const requestsForgottenOnResume: Variant = {
  name: 'requests-forgotten-on-resume',
  side: 'server',
  defect:
    'Requests of a client are deduplicated per connection only: after a resume they are executed again.',
  scenario: mutantScenario({
    name: 'requests-forgotten-on-resume',
    server: { delivery: 'effectively-once', outbox: { ackTimeout: '400ms', maxResend: 20 } },
    clients: [{ count: 8, rooms: ['ticks'], upstream: { rate: '20/s', size: '64B' } }],
    faults: [
      { during: 'load', do: 'lose-acks', probability: '30%' },
      { at: '800ms', do: 'drop' },
    ],
    duration: { settle: '60s' },
  }),
  newBroadcaster: (options) => new ForgetsRequests(options),
  outcome: { kind: 'duplicate', direction: 'up' },
  consequences: [],
};
