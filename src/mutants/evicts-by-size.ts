import { Broadcaster } from '../broadcaster/broadcaster.ts';
import type { OutgoingMessage } from '../protocol/message.ts';
import type { Session } from '../protocol/session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

const PENDING_MAX = 10;

class EvictsBySize extends Broadcaster {
  protected override owe(session: Session, message: OutgoingMessage): void {
    super.owe(session, message);
    if (session.connected && session.outbox.pending > PENDING_MAX) this.registry.expel(session);
  }
}

export const evictsBySize: Variant = {
  name: 'evicts-by-size',
  side: 'server',
  defect: 'A client is evicted for a momentary size of its outbox, although it acks as fast as it can.',
  scenario: mutantScenario({
    name: 'evicts-by-size',
    server: { outbox: { maxPending: 100 } },
    publish: [{ room: 'ticks', rate: '20/s', size: '64B', arrival: 'burst', burst: 20 }],
    clients: [{ count: 8, rooms: ['ticks'], handler: { time: '10ms' } }],
  }),
  newBroadcaster: (options) => new EvictsBySize(options),
  outcome: { kind: 'misdetected', cause: { code: 'evicted-early' } },
  consequences: ['reported-loss'],
};
