import type { GapReason } from '../protocol/frame.ts';
import { OutboxGap } from '../protocol/outbox.ts';
import { Session } from '../protocol/session.ts';
import { withSessions } from './broken-session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class TellsTheOperatorOnly extends Session {
  protected override giveUp(index: number, reason: GapReason): void {
    const { outbox } = this;
    const seq = outbox.seqAt(index);
    const message = outbox.at(index);
    if (message === undefined || message instanceof OutboxGap) return;
    const attempts = outbox.sendsAt(index);
    outbox.ack(index, seq);
    this.observer.dropped(this, seq, message, reason, attempts);
  }
}

export const deadLetterWithoutAGap: Variant = {
  name: 'dead-letter-without-a-gap',
  side: 'server',
  defect: 'A message becomes a dead letter, and its client is sent no gap.',
  scenario: mutantScenario({
    name: 'dead-letter-without-a-gap',
    server: { outbox: { nackBackoff: '50ms', maxResend: 2 } },
    clients: [{ count: 8, rooms: ['ticks'], handler: { poison: 10 } }],
    expect: { allowReported: ['max-resend'] },
  }),
  newBroadcaster: withSessions(TellsTheOperatorOnly),
  outcome: { kind: 'silent-loss', cause: { code: 'only-operator-told' } },
  consequences: [],
};
