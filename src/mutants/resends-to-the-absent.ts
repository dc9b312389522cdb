import { OutboxGap } from '../protocol/outbox.ts';
import { type Link, Timer } from '../protocol/ports.ts';
import { Session } from '../protocol/session.ts';
import type { DropReason } from '../protocol/session-contract.ts';
import { withSessions } from './broken-session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class ResendsToTheAbsent extends Session {
  readonly #timer = new Timer(() => this.#countAttempts());

  override attach(link: Link, replay: boolean): void {
    this.timers.disarm(this.#timer);
    super.attach(link, replay);
  }

  override detach(): void {
    super.detach();
    this.timers.arm(this.#timer, this.settings.ackTimeoutMs);
  }

  override end(reason: DropReason): void {
    super.end(reason);
    this.timers.disarm(this.#timer);
  }

  #countAttempts(): void {
    const { outbox } = this;
    for (let index = outbox.head; index < outbox.tail; index += 1) {
      const item = outbox.at(index);
      if (item === undefined || item instanceof OutboxGap) continue;
      if (outbox.countFailure(index) > this.settings.maxResend) this.giveUp(index, 'max-resend');
    }
    this.timers.arm(this.#timer, this.settings.ackTimeoutMs);
  }
}

export const resendsToTheAbsent: Variant = {
  name: 'resends-to-the-absent',
  side: 'server',
  defect:
    'The resend timer goes on while the client is disconnected, and uses up the attempts of its messages.',
  scenario: mutantScenario({
    name: 'resends-to-the-absent',
    server: { outbox: { ackTimeout: '200ms', maxResend: 2 } },
    clients: [{ count: 8, rooms: ['ticks'], reconnect: { min: '1s', max: '1s', jitter: 'none' } }],
    faults: [{ at: '500ms', clients: { ids: [0, 1] }, do: 'drop' }],
  }),
  newBroadcaster: withSessions(ResendsToTheAbsent),
  outcome: { kind: 'reported-loss', cause: { reason: 'max-resend' } },
  consequences: [],
};
