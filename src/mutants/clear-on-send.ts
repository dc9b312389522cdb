import type { OutgoingMessage } from '../protocol/message.ts';
import { OutboxGap } from '../protocol/outbox.ts';
import type { Link } from '../protocol/ports.ts';
import { Session } from '../protocol/session.ts';
import { withSessions } from './broken-session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class ClearOnSend extends Session {
  protected override transmit(link: Link, index: number, item: OutgoingMessage | OutboxGap): boolean {
    const seq = this.outbox.seqAt(index);
    const sent = super.transmit(link, index, item);
    if (sent && !(item instanceof OutboxGap)) this.outbox.ack(index, seq);
    return sent;
  }
}

export const clearOnSend: Variant = {
  name: 'clear-on-send',
  side: 'server',
  defect: 'The outbox frees a message when it is written to the socket instead of when it is acked.',
  // The reset discards everything in the buffers of the paused clients.
  scenario: mutantScenario({
    name: 'clear-on-send',
    faults: [
      { at: '500ms', for: '600ms', clients: { ids: [0, 1, 2] }, do: 'pause-reader' },
      { at: '1s', clients: { ids: [0, 1, 2] }, do: 'reset' },
    ],
  }),
  newBroadcaster: withSessions(ClearOnSend),
  outcome: { kind: 'silent-loss', stage: 'not-received' },
  consequences: ['false-resume'],
};
