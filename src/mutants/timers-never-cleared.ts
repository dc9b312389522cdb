import type { Connection } from '../broadcaster/connection.ts';
import { Heartbeat } from '../broadcaster/heartbeat.ts';
import { SessionRegistry } from '../broadcaster/session-registry.ts';
import type { Session } from '../protocol/session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';
import { withRegistry } from './with-registry.ts';

class EndlessHeartbeat extends Heartbeat {
  override stop(): void {}
}

class NeverStopsPinging extends SessionRegistry {
  protected override own(connection: Connection, session: Session): void {
    super.own(connection, session);
    connection.heartbeat?.stop();
    connection.heartbeat = new EndlessHeartbeat({
      settings: this.settings,
      timers: this.ports.timers,
      random: this.heartbeatRandom(session),
      link: connection.link,
      onStale: () => this.terminateStale(connection),
    });
  }
}

export const timersNeverCleared: Variant = {
  name: 'timers-never-cleared',
  side: 'server',
  defect: 'The heartbeat timer of a closed connection stays armed, and keeps the process from ending.',
  scenario: mutantScenario({ name: 'timers-never-cleared' }),
  newBroadcaster: withRegistry(NeverStopsPinging),
  outcome: { kind: 'leak', cause: { code: 'not-given-back', what: 'timers' } },
  consequences: [],
};
