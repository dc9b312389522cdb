import { Session } from '../protocol/session.ts';
import { withSessions } from './broken-session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class TakesNacksForAcks extends Session {
  override onNack(seq: number): void {
    this.onAck(seq, false);
  }
}

export const nackCountsAsAck: Variant = {
  name: 'nack-counts-as-ack',
  side: 'server',
  defect: 'A nack frees a message as an ack does.',
  scenario: mutantScenario({
    name: 'nack-counts-as-ack',
    server: { outbox: { nackBackoff: '50ms', maxResend: 20 } },
    clients: [{ count: 8, rooms: ['ticks'], handler: { failure: '5%' } }],
    duration: { settle: '20s' },
  }),
  newBroadcaster: withSessions(TakesNacksForAcks),
  outcome: { kind: 'silent-loss', cause: { code: 'believed-delivered' } },
  consequences: [],
};
