import type { Connection } from '../broadcaster/connection.ts';
import { Heartbeat } from '../broadcaster/heartbeat.ts';
import { SessionRegistry } from '../broadcaster/session-registry.ts';
import type { Session } from '../protocol/session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';
import { withRegistry } from './with-registry.ts';

class DeafHeartbeat extends Heartbeat {
  override life(): void {}
}

class HearsNoPongs extends SessionRegistry {
  protected override own(connection: Connection, session: Session): void {
    super.own(connection, session);
    connection.heartbeat?.stop();
    connection.heartbeat = new DeafHeartbeat({
      settings: this.settings,
      timers: this.ports.timers,
      random: this.heartbeatRandom(session),
      link: connection.link,
      onStale: () => this.terminateStale(connection),
    });
  }
}

export const deafHeartbeat: Variant = {
  name: 'deaf-heartbeat',
  side: 'server',
  defect: 'The heartbeat ignores pongs and other frames, so that live connections are closed.',
  scenario: mutantScenario({
    name: 'deaf-heartbeat',
    server: { heartbeat: { interval: '400ms', timeout: '200ms', missed: 2 } },
  }),
  newBroadcaster: withRegistry(HearsNoPongs),
  outcome: { kind: 'misdetected' },
  consequences: [],
};
