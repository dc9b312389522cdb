import { Session } from '../protocol/session.ts';
import { withSessions } from './broken-session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class NeverResends extends Session {
  protected override resendDue(): number {
    return Number.POSITIVE_INFINITY;
  }
}

export const noResend: Variant = {
  name: 'no-resend',
  side: 'server',
  defect: 'The server never resends a message whose ack does not come.',
  scenario: mutantScenario({
    name: 'no-resend',
    server: { outbox: { ackTimeout: '200ms', maxResend: 20 } },
    faults: [{ during: 'load', clients: { ids: [0, 1, 2] }, do: 'lose-acks', probability: '30%' }],
  }),
  newBroadcaster: withSessions(NeverResends),
  outcome: { kind: 'stuck' },
  consequences: [],
};
