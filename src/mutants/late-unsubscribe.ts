import { Broadcaster, type BroadcasterOptions } from '../broadcaster/broadcaster.ts';
import { Timer } from '../protocol/ports.ts';
import type { Session } from '../protocol/session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

const DELAY_MS = 300;

class UnsubscribesLate extends Broadcaster {
  constructor(options: BroadcasterOptions) {
    super(options);
    this.registry.listeners.add({ discarded: (session) => this.#leaveLater(session) });
  }

  #leaveLater(session: Session): void {
    if (this.registry.stopped) return;
    const timer = new Timer(() => {
      const latest = this.registry.store.latestOf(session.identity.clientId);
      if (latest !== undefined) this.rooms.leaveAll(latest);
    });
    this.ports.timers.arm(timer, DELAY_MS);
  }
}

export const lateUnsubscribe: Variant = {
  name: 'late-unsubscribe',
  side: 'server',
  defect: 'An ended session leaves its rooms late and by client id, after the next session has joined them.',
  scenario: mutantScenario({
    name: 'late-unsubscribe',
    faults: [{ at: '500ms', clients: { ids: [0, 1] }, do: 'close', code: 1000 }],
    expect: { allowReported: ['replaced'] },
  }),
  newBroadcaster: (options) => new UnsubscribesLate(options),
  outcome: { kind: 'silent-loss', stage: 'not-enqueued' },
  consequences: [],
};
