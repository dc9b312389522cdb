import { OutboxGap } from '../protocol/outbox.ts';
import type { Link } from '../protocol/ports.ts';
import { Session } from '../protocol/session.ts';
import { withSessions } from './broken-session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

class CountsReplays extends Session {
  override attach(link: Link, replay: boolean): void {
    const { outbox } = this;
    for (let index = outbox.head; index < outbox.tail; index += 1) {
      const item = outbox.at(index);
      if (item === undefined || item instanceof OutboxGap) continue;
      if (outbox.countFailure(index) > this.settings.maxResend) this.giveUp(index, 'max-resend');
    }
    super.attach(link, replay);
  }
}

export const attemptsCountedOnReplay: Variant = {
  name: 'attempts-counted-on-replay',
  side: 'server',
  defect: 'Each replay uses up an attempt, so that a client that reconnects often loses messages.',
  scenario: mutantScenario({
    name: 'attempts-counted-on-replay',
    server: { outbox: { maxResend: 2 } },
    faults: [
      { at: '300ms', for: '1500ms', clients: { ids: [0, 1] }, do: 'slow-handler', time: '900ms' },
      ...[500, 700, 900, 1100, 1300].map((at) => ({ at: `${at}ms`, clients: { ids: [0, 1] }, do: 'drop' })),
    ],
  }),
  newBroadcaster: withSessions(CountsReplays),
  outcome: { kind: 'reported-loss', cause: { reason: 'max-resend' } },
  consequences: [],
};
