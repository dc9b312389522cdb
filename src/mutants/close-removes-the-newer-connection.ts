import type { Connection } from '../broadcaster/connection.ts';
import { SessionRegistry } from '../broadcaster/session-registry.ts';
import type { Session } from '../protocol/session.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';
import { withRegistry } from './with-registry.ts';

class ClosesTheNewer extends SessionRegistry {
  readonly #hadSession = new Map<Connection, Session>();

  protected override displace(older: Connection): void {
    if (older.session !== undefined) this.#hadSession.set(older, older.session);
    super.displace(older);
  }

  override disconnected(connection: Connection, code: number): void {
    super.disconnected(connection, code);
    const session = this.#hadSession.get(connection);
    if (session === undefined) return;
    this.release(session);
    this.store.away(session);
  }
}

export const closeRemovesTheNewerConnection: Variant = {
  name: 'close-removes-the-newer-connection',
  side: 'server',
  defect: 'When the older socket of a takeover closes, the session loses the newer one.',
  scenario: mutantScenario({
    name: 'close-removes-the-newer-connection',
    duration: { settle: '15s' },
    faults: [{ at: '500ms', clients: { ids: [0, 1, 2] }, do: 'second-socket' }],
  }),
  newBroadcaster: withRegistry(ClosesTheNewer),
  outcome: { kind: 'silent-loss', stage: 'not-sent' },
  consequences: [],
};
