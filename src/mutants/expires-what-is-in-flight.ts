import { OutboxGap } from '../protocol/outbox.ts';
import type { Link } from '../protocol/ports.ts';
import { Session } from '../protocol/session.ts';
import { withSessions } from './broken-session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class ExpiresInFlight extends Session {
  protected override resendDue(link: Link): number {
    const { outbox } = this;
    const oldestUs = this.clock.nowUs() - this.settings.ackTimeoutMs * 1000;
    for (let index = outbox.head; index < outbox.cursor; index += 1) {
      const item = outbox.at(index);
      if (item === undefined || item instanceof OutboxGap) continue;
      if (outbox.sendsAt(index) > 0 && outbox.sentUsAt(index) <= oldestUs) this.giveUp(index, 'ttl');
    }
    return super.resendDue(link);
  }
}

export const expiresWhatIsInFlight: Variant = {
  name: 'expires-what-is-in-flight',
  side: 'server',
  defect: 'Messages that were sent and wait for their ack expire like unsent ones.',
  // The expired messages are in the buffers of paused clients, and the reset discards them.
  scenario: mutantScenario({
    name: 'expires-what-is-in-flight',
    server: { outbox: { ackTimeout: '300ms' } },
    faults: [
      { at: '500ms', for: '900ms', clients: { ids: [0, 1, 2] }, do: 'pause-reader' },
      { at: '1300ms', clients: { ids: [0, 1, 2] }, do: 'reset' },
    ],
  }),
  newBroadcaster: withSessions(ExpiresInFlight),
  outcome: { kind: 'reported-loss', cause: { reason: 'ttl' } },
  consequences: [],
};
