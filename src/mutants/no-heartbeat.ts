import type { Connection } from '../broadcaster/connection.ts';
import { SessionRegistry } from '../broadcaster/session-registry.ts';
import type { Session } from '../protocol/session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';
import { withRegistry } from './with-registry.ts';

class NeverPings extends SessionRegistry {
  protected override own(connection: Connection, session: Session): void {
    super.own(connection, session);
    connection.heartbeat?.stop();
  }
}

export const noHeartbeat: Variant = {
  name: 'no-heartbeat',
  side: 'server',
  defect: 'The server sends no pings, so that a silent client stays connected forever.',
  scenario: mutantScenario({
    name: 'no-heartbeat',
    server: { heartbeat: { interval: '200ms', timeout: '100ms', missed: 2 } },
    duration: { load: '3s' },
    faults: [{ at: '200ms', for: '2500ms', clients: { ids: [0, 1] }, do: 'half-open' }],
  }),
  newBroadcaster: withRegistry(NeverPings),
  outcome: { kind: 'undetected', cause: { code: 'still-open' } },
  consequences: [],
};
