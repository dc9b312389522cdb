import { Broadcaster } from '../broadcaster/broadcaster.ts';
import type { OutgoingMessage } from '../protocol/message.ts';
import { Timer } from '../protocol/ports.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

const RETRY_DELAY_MS = 100;

class RetriesToAll extends Broadcaster {
  override publish(message: OutgoingMessage): string | undefined {
    const refusal = super.publish(message);
    if (message.result.skipped > 0) {
      this.ports.timers.arm(new Timer(() => super.publish(message)), RETRY_DELAY_MS);
    }
    return refusal;
  }
}

export const retryToAll: Variant = {
  name: 'retry-to-all',
  side: 'server',
  defect:
    'A broadcast that did not reach every recipient is retried for all, including those that it reached.',
  scenario: mutantScenario({
    name: 'retry-to-all',
    clients: [{ count: 8, rooms: ['ticks'], reconnect: { min: '300ms', max: '300ms', jitter: 'none' } }],
    faults: [{ at: '500ms', clients: { ids: [0, 1] }, do: 'drop' }],
  }),
  newBroadcaster: (options) => new RetriesToAll(options),
  outcome: { kind: 'duplicate-after-ack', cause: { code: 'resent-after-ack' } },
  consequences: ['unsound-ack'],
};
