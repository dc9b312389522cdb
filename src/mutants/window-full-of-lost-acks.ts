import type { OutgoingMessage } from '../protocol/message.ts';
import type { OutboxGap } from '../protocol/outbox.ts';
import type { Link } from '../protocol/ports.ts';
import { Session } from '../protocol/session.ts';
import { withSessions } from './broken-session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

const WINDOW = 4;

class WaitsForItsWindow extends Session {
  protected override transmit(link: Link, index: number, item: OutgoingMessage | OutboxGap): boolean {
    return !this.#isFull && super.transmit(link, index, item);
  }

  protected override resendDue(link: Link): number {
    return this.#isFull ? Number.POSITIVE_INFINITY : super.resendDue(link);
  }

  get #isFull(): boolean {
    const { outbox } = this;
    let inFlight = 0;
    for (let index = outbox.head; index < outbox.cursor; index += 1) {
      if (outbox.at(index) !== undefined) inFlight += 1;
    }
    return inFlight >= WINDOW;
  }
}

export const windowFullOfLostAcks: Variant = {
  name: 'window-full-of-lost-acks',
  side: 'server',
  defect:
    'When the window of unacked messages is full, nothing is resent either, so that lost acks block it forever.',
  scenario: mutantScenario({
    name: 'window-full-of-lost-acks',
    server: { outbox: { ackTimeout: '300ms', maxResend: 20 } },
    faults: [{ during: 'load', clients: { ids: [0, 1, 2] }, do: 'lose-acks', probability: '80%' }],
  }),
  newBroadcaster: withSessions(WaitsForItsWindow),
  outcome: { kind: 'stuck' },
  consequences: [],
};
