import { Broadcaster } from '../broadcaster/broadcaster.ts';
import type { OutgoingMessage } from '../protocol/message.ts';
import type { Session } from '../protocol/session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

const EVERY = 50;

class AssignsTwice extends Broadcaster {
  #count = 0;

  protected override owe(session: Session, message: OutgoingMessage): void {
    super.owe(session, message);
    this.#count += 1;
    if (this.#count % EVERY === 0) super.owe(session, message);
  }
}

export const doubleAssignment: Variant = {
  name: 'double-assignment',
  side: 'server',
  defect: 'A message gets two seqs in one outbox, which dedup by seq cannot detect.',
  scenario: mutantScenario({ name: 'double-assignment', server: { delivery: 'effectively-once' } }),
  newBroadcaster: (options) => new AssignsTwice(options),
  outcome: { kind: 'duplicate' },
  consequences: [],
};
