import type { OutboxGap } from '../protocol/outbox.ts';
import type { Link } from '../protocol/ports.ts';
import { Session } from '../protocol/session.ts';
import { withSessions } from './broken-session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class TellsTooLittle extends Session {
  protected override sendGap(link: Link, index: number, gap: OutboxGap): void {
    const { outbox } = this;
    if (outbox.sendsAt(index) === 0 && gap.from < outbox.seqAt(index)) gap.from += 1;
    super.sendGap(link, index, gap);
  }
}

export const gapWithTheWrongRange: Variant = {
  name: 'gap-with-the-wrong-range',
  side: 'server',
  defect: 'A gap of several messages leaves out the first, whose loss is never reported.',
  // The gap grows while the client is disconnected, and is sent as a whole.
  scenario: mutantScenario({
    name: 'gap-with-the-wrong-range',
    server: { outbox: { maxPending: 10 } },
    clients: [{ count: 8, rooms: ['ticks'], reconnect: { min: '1s', max: '1s', jitter: 'none' } }],
    faults: [{ at: '300ms', clients: { ids: [0, 1] }, do: 'drop' }],
    expect: { allowReported: ['overflow'] },
  }),
  newBroadcaster: withSessions(TellsTooLittle),
  outcome: { kind: 'silent-loss', cause: { code: 'only-operator-told' } },
  consequences: ['false-resume'],
};
