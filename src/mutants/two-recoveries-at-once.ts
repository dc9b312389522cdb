import { type OutgoingMessage, seqHead } from '../protocol/message.ts';
import { OutboxGap } from '../protocol/outbox.ts';
import { type Link, Timer } from '../protocol/ports.ts';
import { Session } from '../protocol/session.ts';
import { withSessions } from './broken-session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

const BEGIN_MS = 150;
const STEP_MS = 30;

interface Missed {
  readonly seq: number;
  readonly message: OutgoingMessage;
}

class RecoversTwice extends Session {
  override attach(link: Link, replay: boolean): void {
    super.attach(link, replay);
    if (!replay) return;
    const missed = this.#missed();
    const timer = new Timer(() => this.#step(timer, missed));
    this.timers.arm(timer, BEGIN_MS);
    this.outbox.skip(this.outbox.tail - 1);
  }

  #missed(): Missed[] {
    const { outbox } = this;
    const missed: Missed[] = [];
    for (let index = outbox.head; index < outbox.tail; index += 1) {
      const message = outbox.at(index);
      if (message !== undefined && !(message instanceof OutboxGap))
        missed.push({ seq: outbox.seqAt(index), message });
    }
    return missed;
  }

  /** Ignores acks since the recovery began, and other recoveries. */
  #step(timer: Timer, missed: Missed[]): void {
    const { link, ended } = this;
    if (ended) return;
    const next = link === undefined ? undefined : missed.shift();
    if (link !== undefined && next !== undefined) this.#sendAgain(link, next);
    if (missed.length > 0) this.timers.arm(timer, STEP_MS);
  }

  #sendAgain(link: Link, { seq, message }: Missed): void {
    const index = this.outbox.find(seq);
    if (index >= 0) {
      this.transmit(link, index, message);
      return;
    }
    link.sendShared(seqHead(seq, 2), message);
    this.observer.sent(this, seq, message, 2);
  }
}

export const twoRecoveriesAtOnce: Variant = {
  name: 'two-recoveries-at-once',
  side: 'server',
  defect:
    'A recovery goes on after its connection is lost, concurrently with the next one, and resends acked messages.',
  scenario: mutantScenario({
    name: 'two-recoveries-at-once',
    clients: [{ count: 8, rooms: ['ticks'], reconnect: { min: '400ms', max: '400ms', jitter: 'none' } }],
    publish: [{ room: 'ticks', rate: '50/s', size: '64B' }],
    faults: [
      { at: '300ms', clients: { ids: [0, 1, 2] }, do: 'drop' },
      { at: '900ms', clients: { ids: [0, 1, 2] }, do: 'drop' },
    ],
  }),
  newBroadcaster: withSessions(RecoversTwice),
  outcome: { kind: 'unsound-ack' },
  consequences: ['duplicate-after-ack'],
};
