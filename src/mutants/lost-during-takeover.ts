import { Broadcaster, type BroadcasterOptions } from '../broadcaster/broadcaster.ts';
import type { Connection } from '../broadcaster/connection.ts';
import { SessionRegistry } from '../broadcaster/session-registry.ts';
import type { Hello } from '../protocol/frame.ts';
import type { OutgoingMessage } from '../protocol/message.ts';
import { Timer } from '../protocol/ports.ts';
import type { Session } from '../protocol/session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';

const TAKEOVER_MS = 120;

class TakesItsTime extends SessionRegistry {
  readonly changing = new Set<Session>();

  protected override resume(connection: Connection, session: Session, hello: Hello): void {
    if (this.ownerOf.get(session) === undefined) {
      super.resume(connection, session, hello);
      return;
    }
    this.changing.add(session);
    const timer = new Timer(() => {
      this.changing.delete(session);
      super.resume(connection, session, hello);
    });
    this.ports.timers.arm(timer, TAKEOVER_MS);
  }
}

class LosesDuringTakeover extends Broadcaster {
  constructor(options: BroadcasterOptions) {
    super({ ...options, newRegistry: (registry) => new TakesItsTime(registry) });
  }

  protected override owe(session: Session, message: OutgoingMessage): void {
    const { registry } = this;
    if (!(registry instanceof TakesItsTime && registry.changing.has(session))) super.owe(session, message);
  }
}

export const lostDuringTakeover: Variant = {
  name: 'lost-during-takeover',
  side: 'server',
  defect: 'During a takeover, the session gets no messages.',
  scenario: mutantScenario({
    name: 'lost-during-takeover',
    faults: [{ at: '500ms', clients: { ids: [0, 1, 2] }, do: 'second-socket' }],
  }),
  newBroadcaster: (options) => new LosesDuringTakeover(options),
  outcome: { kind: 'silent-loss', stage: 'not-enqueued' },
  consequences: ['false-resume'],
};
