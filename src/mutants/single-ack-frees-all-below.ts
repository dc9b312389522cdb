import { Session } from '../protocol/session.ts';
import { withSessions } from './broken-session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class FreesAllBelow extends Session {
  override onAck(seq: number): void {
    super.onAck(seq, true);
  }
}

export const singleAckFreesAllBelow: Variant = {
  name: 'single-ack-frees-all-below',
  side: 'server',
  defect: 'The ack of one message also frees all below it, including one that failed.',
  scenario: mutantScenario({
    name: 'single-ack-frees-all-below',
    server: { outbox: { nackBackoff: '300ms', maxResend: 20 } },
    clients: [{ count: 8, rooms: ['ticks'], handler: { failure: '5%' } }],
    duration: { settle: '20s' },
  }),
  newBroadcaster: withSessions(FreesAllBelow),
  outcome: { kind: 'silent-loss', cause: { code: 'believed-delivered' } },
  consequences: [],
};
