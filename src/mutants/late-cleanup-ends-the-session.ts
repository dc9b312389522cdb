import type { Connection } from '../broadcaster/connection.ts';
import { SessionRegistry } from '../broadcaster/session-registry.ts';
import { Timer } from '../protocol/ports.ts';
import { mutantScenario } from './mutant-scenario.ts';
import type { Variant } from './variant.ts';
import { withRegistry } from './with-registry.ts';

class CleansUpLate extends SessionRegistry {
  override disconnected(connection: Connection, code: number): void {
    super.disconnected(connection, code);
    const { session } = connection;
    if (session === undefined || this.stopped) return;
    const timer = new Timer(() => {
      if (!session.ended) this.expire(session);
    });
    this.ports.timers.arm(timer, this.settings.resumeTtlMs);
  }
}

export const lateCleanupEndsTheSession: Variant = {
  name: 'late-cleanup-ends-the-session',
  side: 'server',
  defect: 'A resume does not cancel the cleanup of the dead connection, which then ends the session in use.',
  scenario: mutantScenario({
    name: 'late-cleanup-ends-the-session',
    server: { resumeTtl: '700ms' },
    faults: [{ at: '300ms', clients: { ids: [0, 1] }, do: 'drop' }],
    duration: { settle: '20s' },
  }),
  newBroadcaster: withRegistry(CleansUpLate),
  outcome: { kind: 'silent-loss', stage: 'not-enqueued' },
  consequences: [],
};
