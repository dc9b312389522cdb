import type { OutgoingMessage } from '../protocol/message.ts';
import { Session } from '../protocol/session.ts';
import { withSessions } from './broken-session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class DropsSilently extends Session {
  protected override overflow(message: OutgoingMessage): 'full' {
    message.result.dropped += 1;
    return 'full';
  }
}

export const silentDropAtOverflow: Variant = {
  name: 'silent-drop-at-overflow',
  side: 'server',
  defect: 'A full outbox drops new messages without reporting it to the client or the publisher.',
  scenario: mutantScenario({
    name: 'silent-drop-at-overflow',
    server: { outbox: { maxPending: 10 } },
    faults: [{ at: '300ms', for: '1200ms', clients: { ids: [0, 1] }, do: 'pause-reader' }],
    expect: { allowReported: ['overflow'] },
  }),
  newBroadcaster: withSessions(DropsSilently),
  outcome: { kind: 'silent-loss', stage: 'not-enqueued' },
  consequences: [],
};
